"""Planted truths and planted errors: manufactured solutions of a problem's own operators, and mutants of it."""
