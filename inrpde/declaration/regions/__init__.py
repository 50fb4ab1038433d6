"""Regions: every Ω_m on which a condition can hold."""

from inrpde.declaration.regions.ball import Ball
from inrpde.declaration.regions.chart import Chart, Corner, Piece
from inrpde.declaration.regions.implicit import Implicit
from inrpde.declaration.regions.mesh import Mesh
from inrpde.declaration.regions.points import Points
from inrpde.declaration.regions.region import Region

__all__ = ["Ball", "Chart", "Corner", "Implicit", "Mesh", "Piece", "Points", "Region"]
