"""Initial-value problems, window by window."""
