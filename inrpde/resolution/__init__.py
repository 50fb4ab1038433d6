"""Where given data vary fast: sources, coefficients, boundary and initial data that are narrow beside the region."""

from inrpde.resolution.places import Place, cuts, narrow, steps, weighted

__all__ = ["Place", "cuts", "narrow", "steps", "weighted"]
