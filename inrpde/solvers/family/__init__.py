"""Families of problems: a reduced basis from the solutions of some members."""
