"""What is asked of a declaration before anything is solved."""
