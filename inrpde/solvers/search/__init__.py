"""The search for a frozen body: attempts, their record, and the ladder on which kinds of bodies take turns."""
