"""Inverse problems: learned coefficients from readings, the fields eliminated (Golub and Pereyra 1973)."""
