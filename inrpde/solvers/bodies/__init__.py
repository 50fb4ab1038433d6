"""Plans for frozen bodies, and what enriches them: singular functions, multipoles, exponentials, patches."""
