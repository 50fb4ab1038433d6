"""Regions as quadratures: points uniform in measure, and weights that make sums integrals."""

from inrpde.sampling.gauss import across, integration
from inrpde.sampling.grid import grid_points
from inrpde.sampling.quadrature import Quadrature
from inrpde.sampling.sample import sample

__all__ = ["Quadrature", "across", "grid_points", "integration", "sample"]
