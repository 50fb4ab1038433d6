"""Regions by a mesh."""

from inrpde.declaration.regions.region import Solid


class Mesh(Solid):
    """The cells of a mesh file."""
