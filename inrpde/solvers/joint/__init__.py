"""Fields and learned numbers together, where equations hold as far as features resolve them."""
