"""What a problem file says: spaces, regions, conditions, coefficients. sympy and numpy only."""

from inrpde.declaration.conditions import On, Periodic
from inrpde.declaration.fields import GridField, Learned, MeshField
from inrpde.declaration.parameter import Parameter
from inrpde.declaration.problem import Problem
from inrpde.declaration.regions import Ball, Implicit, Mesh, Points, Region
from inrpde.declaration.space import Space

__all__ = [
    "Ball",
    "GridField",
    "Implicit",
    "Learned",
    "Mesh",
    "MeshField",
    "On",
    "Parameter",
    "Periodic",
    "Points",
    "Problem",
    "Region",
    "Space",
]
