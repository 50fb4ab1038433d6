"""What a method, its options and a strategy are."""
