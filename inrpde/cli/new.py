"""`inrpde new`: a problem file to begin with, which solves as it stands and says in comments how to change it."""

import re
from importlib.util import find_spec
from pathlib import Path

from inrpde.errors import OutputError, UsageError

TEMPLATE = '''\
"""-div(a grad u) = f on a plate: warm on the left, losing heat on the right, no flux above and below."""

from sympy import Eq, Interval, Or, exp, pi, sin

from inrpde import On, Problem, Region, Space


def problem(loss: float = 2) -> Problem:  # each argument with a default is set from outside: --param loss=5
    # The coordinates. With time: Space("x y", time="t"), and `space.dt(u)` is du/dt.
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")  # what is looked for; complex=True where it is complex
    a = space.coefficient("a", positive=True)  # a field that is known; its values are given below

    # Where it holds. Also Ball, Implicit, Mesh("part.msh"), Points, and A - B, A | B, A & B of them; with time the last
    # factor is the interval in time, as in Interval(0, 2) * Interval(0, 1) * Interval(0, 10).
    plate = Region(space, Interval(0, 2) * Interval(0, 1))
    left, right = plate.face(x, 0), plate.face(x, 2)
    edges = plate.boundary.where(Or(Eq(y, 0), Eq(y, 1)))

    heating = sin(pi * x / 2)  # functions of the coordinates are sympy's (from sympy import sin), not numpy's

    return Problem(
        "@NAME@",
        unknowns=[u],
        # Each condition is an equation on its own region: on the inside, on the boundary, at the beginning, at samples.
        conditions=[
            On(plate, Eq(-space.div(a * space.grad(u)), heating)),
            On(left, Eq(u, 1)),  # a value (Dirichlet); at the beginning: On(region.initial, Eq(u, …))
            On(right, Eq(a * space.dn(u), -loss * u)),  # a flux that follows the value (Robin); dn is normal · grad
            On(edges, Eq(a * space.dn(u), 0)),  # no flux (Neumann)
        ],
        coefficients={a: exp(-x / 2)},  # an expression, a number, or data: GridField, MeshField, Learned
        # exact={u: …},  # where a solution is known, the answer is compared with it; no solver reads it
    )
'''


def written(name: str) -> Path:
    """Write NAME.py and return its path. Raises UsageError for what is no name, OutputError for what is there."""
    path = Path(name if name.endswith(".py") else f"{name}.py")
    stem = path.stem
    if not re.fullmatch(r"[A-Za-z_][\w-]*", stem):
        raise UsageError(f"{stem!r} is no name of a problem", f"inrpde new {name}", "letters, digits and _: my_problem")
    there = None if path.exists() else find_spec(stem)
    if there is not None and there.origin is not None:
        what = f"a module {stem!r} is installed, and the file would be imported in its place"
        raise UsageError(what, f"inrpde new {name}", f"another name: inrpde new my_{stem}")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.replace("@NAME@", stem))
    except FileExistsError:
        raise OutputError("the file is there, and is not replaced", str(path), "another name, or remove it") from None
    except OSError as error:
        fix = "give a folder that is there and yours to write"
        raise OutputError(f"the file could not be written: {error.strerror}", str(path), fix) from None
    return path
