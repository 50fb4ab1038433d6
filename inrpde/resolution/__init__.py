"""Where given data vary fast: sources, coefficients, boundary and initial data that are narrow beside the region."""

from inrpde.resolution.places import Place, narrow, steps

__all__ = ["Place", "narrow", "steps"]
