"""The first table of the README: error and seconds of inrpde, scipy's finite differences and DeepXDE, in one run.

Errors are relative L2, against the exact solution where there is one, or against the reference. Seconds are inrpde's
for compiling and solving, its scan included, scipy's for assembly and solving, and DeepXDE's for training; imports are
apart on all sides. scipy's grid is the coarsest that gives inrpde's error, or 512².
"""

import argparse
from collections.abc import Callable

import numpy as np
from deepxde_recipe import solve as deepxde
from five_point import solve as five_point

import inrpde
from inrpde.loader import load_problem

PI = np.pi
GRIDS = (16, 32, 64, 128, 256, 512)
PROBLEMS = ("poisson", "helmholtz_plane", "darcy", "helmholtz", "terrain")


def product_of_sines(waves: int, shift: float) -> Callable[[int], tuple[float, float]]:
    """scipy's five points on -Δu - k²u = f for u = sin(aπx) sin(aπy)."""
    k = waves * PI

    def exact(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.sin(k * x) * np.sin(k * y)

    def source(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (2 * k**2 - shift) * exact(x, y)

    return lambda n: five_point(lambda x, y: np.ones_like(x), shift, source, exact, n)


def darcy(n: int) -> tuple[float, float]:
    """scipy's five points on the darcy problem; the source is its exact solution put into its equation."""

    def a(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.exp(x) * (2 + np.cos(PI * y))

    def exact(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.sin(PI * x) * np.cos(PI * y)

    def source(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        slope_x = PI * np.cos(PI * x) * np.cos(PI * y)
        slope_y = -PI * np.sin(PI * x) * np.sin(PI * y)
        return 2 * PI**2 * a(x, y) * exact(x, y) - a(x, y) * slope_x + np.exp(x) * PI * np.sin(PI * y) * slope_y

    return five_point(a, 0.0, source, exact, n, no_flux=True)


FIVE_POINT = {
    "poisson": product_of_sines(1, 0.0),
    "helmholtz_plane": product_of_sines(4, (4 * PI) ** 2),
    "darcy": darcy,
}
DEEPXDE = {"poisson": (1, 0.0), "helmholtz_plane": (4, (4 * PI) ** 2)}


def ours(name: str, seed: int) -> tuple[float, float, str]:
    """Error, seconds, and what the error was taken against."""
    problem, _ = load_problem(name, {})
    report = inrpde.solve(problem, seed=seed).report
    field, seconds = report["fields"]["u"], report["seconds"]
    kind = "exact" if field["exact"] else "reference"
    return field[kind]["rel_l2"], seconds["compile"] + seconds["solve"], kind


def finite_differences(name: str, target: float) -> str:
    """scipy's cell of the table."""
    for n in GRIDS:
        error, seconds = FIVE_POINT[name](n)
        if error <= target:
            break
    return f"{error:.1e} in {seconds:.2f} s ({n}²)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without-deepxde", action="store_true", help="it takes minutes")
    args = parser.parse_args()
    points = np.random.default_rng(args.seed).random((10_000, 2))

    print("| | against | inrpde | scipy, 5 points | DeepXDE |\n|---|---|---|---|---|", flush=True)
    for name in PROBLEMS:
        error, seconds, kind = ours(name, args.seed)
        cells = [f"{error:.1e} in {seconds:.2f} s", "", ""]
        if name in FIVE_POINT:
            cells[1] = finite_differences(name, error)
        if name in DEEPXDE and not args.without_deepxde:
            theirs, spent = deepxde(*DEEPXDE[name], points, args.seed)
            cells[2] = f"{theirs:.1e} in {spent:.0f} s"
        print(f"| {name} | {kind} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
