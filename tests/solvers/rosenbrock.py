"""Rosenbrock's function, and where a quasi-Newton run of a loss starts."""

import numpy as np
from scipy.optimize import rosen, rosen_der

from inrpde.solvers.descent.quasi_newton import Descent


def rosenbrock(vector):
    return rosen(vector), rosen_der(vector)


def start(method, loss, vector):
    vector = np.array(vector)
    return Descent(vector, *loss(vector), method.curvature(len(vector), {}), vector)
