"""DeepXDE's usual recipe on -Δu - k²u = f, u = sin(aπx) sin(aπy) on the unit square, u = 0 on its boundary.

Three layers of 50, tanh, Adam for 5,000 steps and then L-BFGS for 5,000, in double precision, and a weight of 100 on
the boundary, as in its own Helmholtz example.
"""

import os
import time

import numpy as np

os.environ.setdefault("DDE_BACKEND", "pytorch")


def solve(waves: int, shift: float, points: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The relative L2 error at `points` (N, 2), and the seconds that training took; k² is `shift`, a is `waves`."""
    import deepxde as dde
    import torch

    dde.config.set_default_float("float64")
    dde.config.set_random_seed(seed)
    dde.optimizers.set_LBFGS_options(maxiter=5000)
    a = waves * np.pi

    def equation(x: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        laplace = dde.grad.hessian(u, x, i=0, j=0) + dde.grad.hessian(u, x, i=1, j=1)
        source = (2 * a**2 - shift) * torch.sin(a * x[:, 0:1]) * torch.sin(a * x[:, 1:2])
        return -laplace - shift * u - source

    square = dde.geometry.Rectangle([0, 0], [1, 1])
    walls = dde.icbc.DirichletBC(square, lambda x: 0, lambda _, on_boundary: on_boundary)
    data = dde.data.PDE(square, equation, walls, num_domain=1024, num_boundary=256)
    model = dde.Model(data, dde.nn.FNN([2, 50, 50, 50, 1], "tanh", "Glorot uniform"))

    start = time.perf_counter()
    model.compile("adam", lr=1e-3, loss_weights=[1, 100])
    model.train(iterations=5000, display_every=5000, verbose=0)
    model.compile("L-BFGS", loss_weights=[1, 100])
    model.train(display_every=5000, verbose=0)
    seconds = time.perf_counter() - start

    exact = np.sin(a * points[:, 0]) * np.sin(a * points[:, 1])
    found = model.predict(points)[:, 0]
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact)), seconds
