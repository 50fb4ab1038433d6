"""Methods that move all parameters down a gradient, or by Gauss–Newton steps."""
