"""Problems in divergence form: materials, meshes, corners, elasticity, each with a formula or with elements of degree 4
(`truths`, made by `python benchmarks/zoo/flux/truths.py`) for its truth."""

from zoo.flux import beams, corners, materials, packaged, plates, solids
from zoo.flux.making import FLUX, MAKERS

__all__ = ["FLUX", "MAKERS", "beams", "corners", "materials", "packaged", "plates", "solids"]
