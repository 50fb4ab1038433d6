"""The sides of peers.py: its problems, and who solves them."""
