"""Linear least squares: a system is factorised once, and solved for many right-hand sides."""

ALL = "all conditions together"
"""Where a system is wrong that no single condition is to blame for."""
RIDGE = 1e-13
"""Just above rounding: columns that depend on one another stay finite, and no digit is lost."""
