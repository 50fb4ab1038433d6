"""A form on points and columns: its jets, its residuals, its linearised system, and the score of a state."""
