"""The heads of a frozen body: of linear forms by one least-squares solve, of others by Newton's method."""
