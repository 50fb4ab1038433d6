"""Where given data vary fast: sources, coefficients, boundary and initial data that are narrow beside the region."""

from inrpde.resolution.given import depending, function
from inrpde.resolution.places import Place, cuts, narrow, steps, weighted
from inrpde.resolution.seeds import Node, nodes, searched

__all__ = ["Node", "Place", "cuts", "depending", "function", "narrow", "nodes", "searched", "steps", "weighted"]
