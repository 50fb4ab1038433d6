"""Regions: every Ω_m on which a condition can hold.

The low modules (`chart`, `pilot`, `corners`, `region`) know no kind of region. What makes a region of others or of a
set is told to `Region` here, in one table, so that imports go one way.
"""

from inrpde.declaration.regions.ball import Ball
from inrpde.declaration.regions.boundary import Boundary, End
from inrpde.declaration.regions.chart import Chart, Corner, Piece
from inrpde.declaration.regions.combine import combine
from inrpde.declaration.regions.cylinder import cylinder
from inrpde.declaration.regions.face import face
from inrpde.declaration.regions.implicit import Implicit
from inrpde.declaration.regions.mesh import Mesh
from inrpde.declaration.regions.operations import Operations
from inrpde.declaration.regions.points import Points
from inrpde.declaration.regions.region import Region
from inrpde.declaration.regions.sets import region_of_set
from inrpde.declaration.regions.where import Where

__all__ = ["Ball", "Chart", "Corner", "Implicit", "Mesh", "Piece", "Points", "Region"]

Region._operations = Operations(
    of_set=region_of_set, where=Where, over=cylinder, combine=combine, boundary=Boundary, end=End, face=face
)
