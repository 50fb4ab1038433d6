"""Linear least squares: a system is factorised once, and solved for many right-hand sides."""
