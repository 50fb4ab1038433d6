"""One problem at many values of its parameters: which points there are, solving each, and the table of all."""
