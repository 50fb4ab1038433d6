"""Problems with known solutions, of every kind that the solvers serve: what estimates are calibrated on."""

from zoo import moving, nonlinear, shapes, steady
from zoo.making import PROBLEMS

__all__ = ["PROBLEMS", "moving", "nonlinear", "shapes", "steady"]
