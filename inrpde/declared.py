"""What a problem declares and a run was asked for, as a file keeps it: the conditions as expressions, some points where
they hold, and the command.

Nothing that solves or judges reads it: it is for those who read an answer without the problem file (`inrpde report`).
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Eq, MatrixBase, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from inrpde.declaration import Problem
from inrpde.declaration.conditions import On
from inrpde.declaration.integral import RegionIntegral
from inrpde.declaration.regions import Region
from inrpde.declaration.words import words
from inrpde.errors import InrpdeError, OutputError
from inrpde.export.symbols import dump
from inrpde.sampling import Quadrature, sample

if TYPE_CHECKING:
    from inrpde.loader import Source

DEFAULTS = {"method": "auto", "seed": 0, "reference": "auto", "device": "cpu"}
"""Of the options of `inrpde.solve`, what they are where nobody gives them."""
SHOWN = 400
"""Points of a condition that are kept for its picture, about; chosen."""


def conditions(problem: Problem) -> list[dict[str, Any]]:
    """For each condition of a problem, in its order: `on`, the region's name; `text`, the whole equation in words;
    `rows`, its equations as `export.symbols.dump` writes them, empty where one cannot be written; `integrals`, what
    symbols among these stand for; `periodic`, the unknown and the coordinate, or empty; `dim`, the region's;
    `points` (N, d) of it; and `readings` (N,) there by the names of the unknowns that they are of."""
    return [_condition(each) for each in problem.conditions]


def command(source: Source | None, **options: Any) -> str:
    """What solves a problem again in the same way: a command where it came from a file, else a call. `options` are
    those of `inrpde.solve`; those that are not given are left out."""
    given = {name: value for name, value in options.items() if value not in (None, {}) and value != DEFAULTS.get(name)}
    if source is None:
        return f"inrpde.solve({', '.join(['problem', *(f'{name}={value!r}' for name, value in given.items())])})"
    words = ["inrpde", "solve", source.spec]
    for name, values in (("param", source.parameters), ("set", given.pop("settings", {}))):
        words += [word for key, value in values.items() for word in (f"--{name}", f"{key}={value}")]
    for name, value in given.items():
        sign = "x" if name == "grid" else ","
        each = value if name in ("grid", "times") else [value]
        text = sign.join(f"{one:g}" if isinstance(one, float) else str(one) for one in each)
        words += [f"--{name}", text]
    return shlex.join(words)


def _condition(condition: On) -> dict[str, Any]:
    periodic = condition.periodic
    rows, integrals = ([], {}) if periodic else _written(_equations(condition.equation), condition.region)
    drawn = _drawn(condition.region)
    return {
        "on": condition.where,
        "text": words(condition.equation, None) if periodic is None else condition.text,
        "rows": rows,
        "integrals": integrals,
        "periodic": [] if periodic is None else [words(periodic.unknown), str(periodic.coordinate)],
        "dim": condition.region.dim,
        "points": np.empty((0, condition.region.space.dim)) if drawn is None else _thinned(drawn.points),
        "readings": {} if drawn is None else _readings(condition.equation, drawn),
    }


def _equations(given: Any) -> list[Relational]:
    """The scalar relations that a condition asks, as they were written."""
    if isinstance(given, Relational) and not any(isinstance(side, MatrixBase) for side in given.args):
        return [given]
    if isinstance(given, Relational):
        sides = [side if isinstance(side, MatrixBase) else given.args[1 - k] * 0 for k, side in enumerate(given.args)]
        return [Eq(left, right, evaluate=False) for left, right in zip(*sides, strict=True)]
    listed = list(given) if isinstance(given, list | tuple | MatrixBase) else [given]
    return [Eq(each, 0, evaluate=False) for each in listed]


def _written(relations: list[Relational], region: Region) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """Relations as text, and the integrals that symbols stand for in them; nothing where that cannot be. What is read
    at points has its own names (`u_read`), as in a text it would be the unknown."""
    relations = [each.xreplace({x: Symbol(f"{x.name}_read", real=True) for x in region.labels}) for each in relations]
    atoms = sorted({atom for each in relations for atom in each.atoms(RegionIntegral)}, key=str)
    taken = {symbol.name for each in relations for symbol in each.atoms(Symbol)}
    names = [f"integral{'_' * len(taken)}{number}" for number, _ in enumerate(atoms)]
    stand = {atom: Symbol(name, real=True) for atom, name in zip(atoms, names, strict=True)}
    try:
        integrals = {
            name: {
                "integrand": dump(atom.integrand),
                "over": list(map(str, atom.over)),
                "mean": atom.mean,
                "on": atom.region.label,
            }
            for atom, name in zip(atoms, names, strict=True)
        }
        return [dump(each.xreplace(stand)) for each in relations], integrals
    except OutputError:
        return [], {}


def _drawn(region: Region) -> Quadrature | None:
    """Points of a region that its picture shows; None where there are none to be had."""
    try:
        return sample(region, SHOWN, 0)
    except InrpdeError:
        return None


def _thinned(values: np.ndarray) -> np.ndarray:
    return values[np.linspace(0, len(values) - 1, min(len(values), SHOWN)).astype(int)]


def _readings(equation: Any, drawn: Quadrature) -> dict[str, np.ndarray]:
    """What is read of an unknown at points, where an equation says just that: Eq(u, sensors["u"])."""
    if isinstance(equation, Eq):
        for unknown, label in (equation.args, equation.args[::-1]):
            if isinstance(unknown, AppliedUndef) and label in drawn.labels:
                return {words(unknown): _thinned(drawn.labels[label])}
    return {}
