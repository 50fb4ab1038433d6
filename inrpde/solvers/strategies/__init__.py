"""What `auto` chooses from: each file says which forms it serves, and how it solves them (see `strategy`)."""
