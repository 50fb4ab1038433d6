"""Regions by a relation."""

from inrpde.declaration.regions.region import Solid


class Implicit(Solid):
    """The set of the points of a box at which a relation holds."""
