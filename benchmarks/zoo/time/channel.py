"""Flow in a straight channel by Taylor's and Hood's elements, velocities of degree 4 and pressures of degree 3.

In time by backward differences of order 4, of which the inertia is extrapolated (Ascher, Ruuth and Wetton 1995).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu
from skfem import Basis, BilinearForm, ElementTriP3, ElementTriP4, ElementVector, LinearForm, MeshTri
from skfem.helpers import ddot, div, dot, grad, mul

from zoo.flux.weak import Found

Array = np.ndarray
BACK = np.array([25 / 12, -4, 3, -4 / 3, 1 / 4])
AHEAD = np.array([4, -6, 4, -1])


def pulsed(
    sides: tuple[float, float], nu: float, heavy: bool, profile: Callable[[Array], Array],
    pulse: Callable[[float], float], level: int, times: Array, places: Array,
) -> dict[str, Array]:  # fmt: skip
    """At the inlet the speed profile(y) pulse(time), from rest at time 0; `pulse` begins like t⁴. Inertia where it is
    `heavy`. Cells and steps are half as large at level 1."""
    cells = 8 * 2**level
    long = (
        sides[0] * np.linspace(0, 1, round(2 * sides[0]) * cells // 2 + 1) ** 1.5
    )  # small cells at the inlet's corners
    mesh = MeshTri.init_tensor(long, sides[1] * np.sin(np.linspace(0, np.pi / 2, cells + 1)) ** 2)
    velocity = Basis(mesh, ElementVector(ElementTriP4()), intorder=11)
    pressure = velocity.with_element(ElementTriP3())
    mass = BilinearForm(lambda u, v, w: dot(u, v)).assemble(velocity)
    stiff = BilinearForm(lambda u, v, w: nu * ddot(grad(u), grad(v))).assemble(velocity)
    volume = BilinearForm(lambda u, q, w: -div(u) * q).assemble(velocity, pressure)
    carried = LinearForm(lambda v, w: -dot(mul(grad(w["u"]), w["u"]), v))

    held = velocity.get_dofs(lambda x: (x[0] < 1e-9) | (x[1] < 1e-9) | (x[1] > sides[1] - 1e-9)).all()
    along = (velocity.doflocs[0, held] < 1e-9) & np.isin(held, velocity.get_dofs().all(["u^1"]))
    shape = np.where(along, profile(velocity.doflocs[1, held]), 0.0)

    steps = 150 * 2**level
    h, count, total = times[-1] / steps, velocity.N, velocity.N + pressure.N
    system = sparse.bmat([[BACK[0] / h * mass + stiff, volume.T], [volume, None]]).tocsr()
    free = np.setdiff1d(np.arange(total), held)
    solve = splu(system[free][:, free].tocsc()).solve
    states = np.zeros((steps + 1, total))
    past = [np.zeros(count)] * 4
    for k in range(1, steps + 1):
        before = [states[max(0, k - j), :count] for j in range(1, 5)]
        right = np.zeros(total)
        right[:count] = -mass @ np.tensordot(BACK[1:], before, 1) / h + np.tensordot(AHEAD, past, 1)
        states[k, held] = shape * pulse(k * h)
        states[k, free] = solve((right - system @ states[k])[free])
        if heavy:
            past = [carried.assemble(velocity, u=velocity.interpolate(states[k, :count])), *past[:3]]

    out = []
    for time, there in zip(times, places, strict=True):
        found = _between(states, time / h)
        out.append([*Found(velocity, found[:count])(there).T, Found(pressure, found[count:])(there)])
    return dict(zip("uvp", np.array(out).swapaxes(0, 1), strict=True))


def _between(states: Array, at: float) -> Array:
    """The polynomial through six states."""
    first = int(np.clip(np.floor(at) - 2, 0, len(states) - 6))
    nodes = first + np.arange(6)
    gaps = nodes[:, None] - nodes + np.eye(6)
    shares = np.array([np.prod(np.delete(at - nodes, k)) / np.prod(gaps[k]) for k in range(6)])
    return shares @ states[nodes]
