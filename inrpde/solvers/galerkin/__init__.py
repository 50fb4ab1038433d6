"""The flux form, solved on cells that are divided, and filled, where that pays."""
