"""The first table of the README: error and seconds of inrpde, scipy's finite differences and DeepXDE, in one run.

Errors are relative L2, against the exact solution where there is one, or against the reference. Seconds are inrpde's
for compiling and solving, its scan included, scipy's for assembly and solving, and DeepXDE's for training; imports are
apart on all sides. scipy's grid is the coarsest that gives inrpde's error, or 512².
"""

import argparse

import numpy as np
from deepxde_recipe import solve as deepxde
from five_point import solve as five_point
from squares import SQUARES

import inrpde
from inrpde.loader import load_problem

GRIDS = (16, 32, 64, 128, 256, 512)
PROBLEMS = ("poisson", "helmholtz_plane", "darcy", "helmholtz", "terrain")


DEEPXDE = {"poisson": (1, 0.0), "helmholtz_plane": (4, (4 * np.pi) ** 2)}


def ours(name: str, seed: int) -> tuple[float, float, str]:
    """Error, seconds, and what the error was taken against."""
    problem, _ = load_problem(name, {})
    report = inrpde.solve(problem, seed=seed).report
    field, seconds = report["fields"]["u"], report["seconds"]
    kind = "exact" if field["exact"] else "reference"
    return field[kind]["rel_l2"], seconds["compile"] + seconds["solve"], kind


def finite_differences(name: str, target: float) -> str:
    """scipy's cell of the table."""
    p = SQUARES[name]
    for n in GRIDS:
        error, seconds = five_point(p.a, p.shift, p.source, p.exact, n, p.no_flux)
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
        if name in SQUARES:
            cells[1] = finite_differences(name, error)
        if name in DEEPXDE and not args.without_deepxde:
            theirs, spent = deepxde(*DEEPXDE[name], points, args.seed)
            cells[2] = f"{theirs:.1e} in {spent:.0f} s"
        print(f"| {name} | {kind} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
