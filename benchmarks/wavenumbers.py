"""Error against wavenumber: inrpde beside scikit-fem's elements of degree 4, for about the same seconds, in one run.

    python benchmarks/wavenumbers.py [--seed 0] [--longest 60] [K …]

Δu + k²u = 0 on the unit square, ∂u/∂n + iku given on its boundary, u complex: two plane waves, one half as high as the
other. Seconds are inrpde's for compiling and solving, its scan included, and scikit-fem's for mesh, assembly and solve.
The elements are the most, in steps of √2 a side, whose solve does not take longer than inrpde's by more than a fifth.
"""

import argparse
import time

import numpy as np
from classical import timed
from elements import QUADRILATERAL, stiffness
from scipy.sparse.linalg import splu
from skfem import Basis, BilinearForm, FacetBasis, LinearForm, MeshQuad
from sympy import Eq, Expr, I, Interval, Symbol, cos, exp, sin

import inrpde
from inrpde import On, Problem, Region, Space

DIRECTIONS, HEIGHTS = (0.4, 2.0), (1.0, 0.5)
"""Angles to the x axis, and amplitudes."""
DEGREE = 4
LONGER = 1.2


def two_waves(k: float, x: Symbol, y: Symbol) -> Expr:
    """The solution."""
    return sum(a * exp(I * k * (cos(t) * x + sin(t) * y)) for t, a in zip(DIRECTIONS, HEIGHTS, strict=True))


def declared(k: float) -> Problem:
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u", complex=True)
    omega = Region(space, Interval(0, 1) ** 2)
    solution = two_waves(k, x, y)
    conditions = [
        On(omega, Eq(space.laplace(u) + k**2 * u, 0)),
        On(omega.boundary, Eq(space.dn(u) + I * k * u, space.dn(solution) + I * k * solution)),
    ]
    return Problem("two_waves", unknowns=[u], conditions=conditions, exact={u: solution})


def values(k: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Value and gradient of the solution: (3, …)."""
    total = 0
    for t, a in zip(DIRECTIONS, HEIGHTS, strict=True):
        wave = a * np.exp(1j * k * (np.cos(t) * x + np.sin(t) * y))
        total = total + np.stack([wave, 1j * k * np.cos(t) * wave, 1j * k * np.sin(t) * wave])
    return total


@BilinearForm(dtype=complex)
def impedance(u, v, w):
    return 1j * w.k * u * v


@LinearForm(dtype=complex)
def entering(v, w):
    value, *slope = values(w.k, *w.x)
    return (slope[0] * w.n[0] + slope[1] * w.n[1] + 1j * w.k * value) * v


def elements(k: float, n: int) -> tuple[float, float]:
    """The relative L2 error on n by n quadrilaterals of degree 4, and the seconds of mesh, assembly and solve."""
    start = time.perf_counter()
    line = np.linspace(0, 1, n + 1)
    mesh, element = MeshQuad.init_tensor(line, line), QUADRILATERAL[DEGREE]()
    basis = Basis(mesh, element, intorder=2 * DEGREE + 1)
    sides = FacetBasis(mesh, element, intorder=2 * DEGREE + 1)
    matrix = stiffness.assemble(basis, a=1.0, shift=k**2) + impedance.assemble(sides, k=k)
    right = entering.assemble(sides, k=k)
    options = {"permc_spec": "MMD_AT_PLUS_A", "diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}
    found = splu(matrix.tocsc(), **options).solve(right)
    seconds = time.perf_counter() - start
    exact = values(k, *np.asarray(basis.global_coordinates()))[0]
    difference = np.asarray(basis.interpolate(found)) - exact
    return float(np.sqrt(np.sum(abs(difference) ** 2 * basis.dx) / np.sum(abs(exact) ** 2 * basis.dx))), seconds


def as_long(k: float, seconds: float) -> tuple[float, float, int]:
    """Error, seconds and elements a side of the finest solve as fast; of the coarsest, if none is."""
    n, best, spent = 4.0, None, 0.0
    while spent < 2 * seconds:  # a solve that was held up does not end the search
        error, spent = timed(lambda size: elements(k, size), round(n))
        if best is None or spent <= LONGER * seconds:
            best = error, spent, round(n)
        n *= 2**0.5
    return best


def ours(k: float, seed: int, budget: float) -> tuple[float, float, float]:
    """Error, estimated error and seconds."""
    report = inrpde.solve(declared(k), seed=seed, budget=budget, reference="none").report
    field, seconds = report["fields"]["u"], report["seconds"]
    return field["exact"]["rel_l2"], field["estimated_error"], seconds["compile"] + seconds["solve"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wavenumbers", nargs="*", type=float, metavar="K", default=[10, 20, 40, 80, 100])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=None, help="inrpde's budget, in seconds; none without")
    args = parser.parse_args()
    inrpde.solve(declared(5.0), seed=args.seed, reference="none")  # loads what is loaded late
    print("| k | inrpde | estimated | scikit-fem, P4 | better |\n|---|---|---|---|---|", flush=True)
    for k in args.wavenumbers:
        error, estimated, seconds = ours(k, args.seed, args.longest)
        theirs, spent, n = as_long(k, seconds)
        better = f"inrpde, {theirs / error:.1g}×" if error < theirs else f"scikit-fem, {error / theirs:.1g}×"
        cells = f"{error:.1e} in {seconds:.2f} s | {estimated:.1e} | {theirs:.1e} in {spent:.2f} s ({n}²) | {better}"
        print(f"| {k:g} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
