"""Regions divided into cells, with quadrature in them and on the faces between them."""
