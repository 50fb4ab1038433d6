"""The flux form on cells: Galerkin's method with Nitsche's terms on the faces between them."""
