"""Trial functions and networks of sine layers."""
