"""The method of lines: frozen features in space, whose heads follow the time."""
