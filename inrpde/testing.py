"""What tries a plugin, under pytest or by itself: each function raises AssertionError with what does not hold.

from inrpde.testing import check_method

def test_my_method():
    check_method(my_method)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from itertools import islice, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sympy import lambdify

from inrpde import config, plugins
from inrpde.checkpoint import packed, unpacked
from inrpde.compiler import compile_problem
from inrpde.compiler.form import Form
from inrpde.declaration import Problem
from inrpde.discretise.score import score
from inrpde.discretise.state import State, dump_state, field_at, load_state
from inrpde.errors import InrpdeError, OutputError
from inrpde.export.dataset import Dataset
from inrpde.loader import load_problem
from inrpde.networks.trial import Trial
from inrpde.plugin import Exporter, Method, Referee
from inrpde.references.reference import NoReference, Reference
from inrpde.sampling.draw import draw
from inrpde.sampling.sample import sample
from inrpde.solvers.contract.guest import checked
from inrpde.solvers.contract.method import Candidate, Clock, Context, candidates, read

__all__ = ["check_body", "check_exporter", "check_method", "check_reference"]

HONEST = 10.0
"""How many times as large as it says an error may be."""
ROUNDING = 1e-12
"""What counts as no error."""
POISSON = "poisson"
"""The problem that is solved where none is given."""


def check_method(
    method: Method,
    problem: Problem | None = None,
    *,
    error: float = 1e-2,
    settings: Mapping[str, Any] | None = None,
    most: int = 3,
) -> Candidate:
    """Try a method on a problem whose solution is known, up to so many candidates, and return the best of them.

    It yields candidates whose states fit the problem, that say truly how well they satisfy it, that can be stored and
    gone on from, and that are the same for the same seed; the best is within `error` of the solution (relative L2), and
    so is what `again` makes of it, which is another.
    """
    _fits("methods", method)
    _check_registered(method)
    problem = problem or load_problem(POISSON, {})[0]
    form = compile_problem(problem)
    chosen = config.resolve(problem.settings, settings or {})

    def found(memory: Mapping[str, Any] | None = None) -> list[Candidate]:
        context: Context[Any] = Context(form, chosen, 0, Clock(None), memory=memory or {})
        with closing(candidates(method, context)) as given:
            return [checked(each, form) for each in islice(given, most)]

    try:
        every = found()
    except TypeError as wrong:
        raise AssertionError(str(wrong)) from wrong
    _holds(every, "it yields no candidate")
    for number, each in enumerate(every):
        fresh = score(form, draw(form, 500, 1234), each.state).total
        fair = each.weak or fresh <= HONEST * each.score + ROUNDING
        _holds(fair, f"candidate {number} has the score {each.score:.1e}, and on points of ours {fresh:.1e}")
        _check_kept(form, each, number)
    best = min(every, key=lambda each: each.score)
    _check_close(form, best.state, error, "its best candidate")
    _holds(_same(every[0].state, found()[0].state), "the same seed gives another first candidate")
    if best.memory:
        skeleton, arrays = packed(best.memory)
        for resumed in found(unpacked(skeleton, arrays)):
            _holds(np.isfinite(resumed.score), "what goes on from its memory has no finite score")
    if best.again is not None:
        other = best.again(1, ())
        checked(Candidate(other, best.score, best.fitted, best.cost, best.method, best.reason), form)
        _holds(not _same(best.state, other), "again gives the same state for another seed")
        _check_close(form, other, HONEST * error, "what again gives")
    return best


def check_reference(module: Referee, problem: Problem | None = None, *, n: int | None = None) -> Reference:
    """Try a reference on a problem whose solution is known, and return what it finds.

    All unknowns are on its grid, finite where the problem lives, within ten times the error that it states of the
    solution, and the same a second time; what is done is told as a share.
    """
    _fits("references", module)
    problem = problem or load_problem(POISSON, {})[0]
    form = compile_problem(problem)
    reason = module.supports(form.bound)
    _holds(reason is None, f"it refuses the problem ({reason}): give one that it serves")
    shares = list[float]()
    found = module.solve(form.bound, n, budget=None, progress=shares.append)
    again = module.solve(form.bound, n, budget=None, progress=None)
    if isinstance(found, NoReference) or isinstance(again, NoReference):
        raise AssertionError(f"it serves the problem, and then gives none: {found}")
    _holds(isinstance(found, Reference), f"solve gave {found!r:.60}, neither a Reference nor a NoReference")
    _holds(all(0 <= share <= 1 for share in shares), f"progress is told {shares}, which are no shares of 1")
    coords = [np.asarray(axis) for axis in np.meshgrid(*found.axes, indexing="ij")]
    for unknown in form.bound.unknowns:
        _holds(unknown.name in found.values, f"{unknown.name} is not among its values")
        values, stated = found.values[unknown.name], found.estimated_error[unknown.name]
        _holds(values.shape == coords[0].shape, f"{unknown.name} has the shape {values.shape}, not that of the axes")
        inside = np.ones(values.shape, bool) if found.mask is None else found.mask
        _holds(np.isfinite(values[inside]).all(), f"{unknown.name} is not finite everywhere inside")
        _holds(np.isfinite(stated) and stated > 0, f"the error of {unknown.name} is {stated}, no positive number")
        _holds(np.array_equal(values, again.values[unknown.name], equal_nan=True), "a second solve gives other values")
        if unknown.symbol in problem.exact:
            exact = lambdify(problem.space.coords, problem.exact[unknown.symbol], "numpy")
            off = _relative(values[inside], np.broadcast_to(exact(*coords), values.shape)[inside])
            fair = off <= HONEST * stated + ROUNDING
            _holds(fair, f"{unknown.name} is wrong by {off:.1e}, and its error is said to be {stated:.1e}")
    return found


def check_exporter(write: Exporter, ending: str, datasets: Iterable[Dataset] | None = None) -> list[str]:
    """Try an exporter on datasets of all kinds, and return those that it writes ("grid of x, y; real", …).

    Each is written, again over nothing, or refused by an OutputError that says what to do; at least one is written.
    Nothing lies outside the folder of its own, what is returned is there, and the dataset is as it was.
    """
    _fits("exporters", write)
    every = list(datasets if datasets is not None else _datasets())
    taken = [_named(data) for data in every if _exported(write, data, ending)]
    _holds(taken, "it refuses every dataset")
    return taken


def check_body(trial: Trial, dim: int, *, order: int = 2) -> None:
    """Try a body in so many coordinates at points of the unit cube: its jets up to an order are those of one another
    (by differences), and its `state` can be stored and makes it again."""
    _fits("bodies", type(trial))
    rng, step = np.random.default_rng(0), 1e-5
    points = rng.uniform(0.1, 0.9, (20, dim))
    indices = [index for index in product(range(order + 1), repeat=dim) if sum(index) <= order]
    jets = trial.jets(points, indices)
    for index in indices:
        shape = jets[index].shape
        _holds(shape == (20, trial.width), f"the jet {index} has the shape {shape}, not {(20, trial.width)}")
    for index, k in product((index for index in indices if sum(index) < order), range(dim)):
        ahead, behind = points.copy(), points.copy()
        ahead[:, k] += step
        behind[:, k] -= step
        slope = (trial.jets(ahead, [index])[index] - trial.jets(behind, [index])[index]) / (2 * step)
        higher = tuple(n + (j == k) for j, n in enumerate(index))
        size = max(np.abs(jets[higher]).max(), np.abs(jets[index]).max(), 1.0)
        off = np.abs(slope - jets[higher]).max() / size
        _holds(off < 1e-5, f"the jet {higher} is not the derivative of {index}: it is off by {off:.1e}")
    skeleton, arrays = packed(trial.state())
    again = type(trial).from_state(unpacked(skeleton, arrays)).jets(points, indices)
    for index in indices:
        _holds(np.array_equal(jets[index], again[index]), f"from its state comes another: the jet {index} differs")


def _holds(what: Any, otherwise: str) -> None:
    if not what:
        raise AssertionError(otherwise)


def _fits(group: str, made: Any) -> None:
    flaw = plugins.misfit(group, made)
    _holds(flaw is None, str(flaw))


def _check_registered(method: Method) -> None:
    """Can what a method reads be set?"""
    for key in read(method):
        try:
            config.known(key)
        except KeyError:
            prefix = key.partition(".")[0]
            entry = f'[project.entry-points."inrpde.settings"] {prefix} = "MODULE:Options"'
            raise AssertionError(f"nobody can set {key}, which it reads: the package has no {entry}") from None


def _relative(values: np.ndarray, true: np.ndarray) -> float:
    return float(np.linalg.norm(values - true) / np.linalg.norm(true))


def _same(one: State, other: State) -> bool:
    return one.vector.shape == other.vector.shape and bool(np.array_equal(one.vector, other.vector))


def _points(form: Form) -> np.ndarray:
    return sample(next(row.region for row in form.rows if row.region.dim == form.space.dim), 500, 7).points


def _check_close(form: Form, state: State, error: float, what: str) -> None:
    """Are the real unknowns whose solution is known within a relative error of it?"""
    points, exact = _points(form), form.bound.problem.exact
    for unknown in form.bound.unknowns:
        if unknown.symbol in exact and len(parts := form.parts(unknown.name)) == 1:
            true = lambdify(form.space.coords, exact[unknown.symbol], "numpy")(*points.T)
            off = _relative(field_at(state, parts[0], points), np.broadcast_to(true, len(points)))
            _holds(off <= error, f"{what} is off by {off:.1e} in {unknown.name}, more than {error:.1e}")


def _check_kept(form: Form, candidate: Candidate, number: int) -> None:
    """Do its state and its memory come back from a file as they were?"""
    try:
        packed(candidate.memory)
        skeleton, arrays = packed(dump_state(candidate.state))
        again = load_state(unpacked(skeleton, arrays))
    except (InrpdeError, TypeError) as error:
        raise AssertionError(f"candidate {number} cannot be stored: {error}") from error
    points = _points(form)
    for k in range(len(form.unknowns)):
        same = np.array_equal(field_at(again, k, points), field_at(candidate.state, k, points))
        _holds(same, f"candidate {number} comes back from a file as another")


def _datasets() -> list[Dataset]:
    """Small ones of every kind."""
    x, y, z, t = (np.linspace(0, 1, count) for count in (5, 4, 3, 3))
    wave = np.sin(np.add.outer(3 * x, y))
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    return [
        Dataset("grid", ("x",), {"u": np.sin(x)}, axes=(x,)),
        Dataset("grid", ("x", "y"), {"u": wave}, axes=(x, y)),
        Dataset("grid", ("x", "y"), {"u": wave + 1j}, axes=(x, y)),
        Dataset("grid", ("x", "y"), {"u": wave, "v": -wave}, axes=(x, y), mask=wave > 0),
        Dataset("grid", ("x", "y", "t"), {"u": np.multiply.outer(wave, t)}, "t", axes=(x, y, t)),
        Dataset("grid", ("x", "y", "z"), {"u": np.multiply.outer(wave, z - 0.5)}, axes=(x, y, z)),
        Dataset("mesh", ("x", "y"), {"u": np.arange(3.0)}, points=corners, cells={"triangle": np.array([[0, 1, 2]])}),
        Dataset("points", ("x", "y"), {"u": np.arange(3.0)}, points=corners),
    ]


def _named(data: Dataset) -> str:
    kinds = {"c": "complex", "f": "real"}
    kind = "/".join(sorted({kinds.get(values.dtype.kind, values.dtype.name) for values in data.fields.values()}))
    return f"{data.kind} of {', '.join(data.coords)}; {kind}" + ", masked" * (data.mask is not None)


def _exported(write: Callable[..., Any], data: Dataset, ending: str) -> bool:
    """Is a dataset written (twice), and not refused?"""
    name, before = _named(data), {key: values.copy() for key, values in data.fields.items()}
    for _ in range(2):
        with TemporaryDirectory() as folder:
            room = Path(folder) / "room"
            room.mkdir()
            try:
                given = write(room / f"sample.{ending}", data)
            except OutputError as error:
                _holds(error.fix, f"it refuses the {name} and says not what to do: {error.what}")
                return False
            except Exception as error:
                raise AssertionError(f"the {name} makes it fail: {plugins.failed(error)}") from error
            made = sorted(room.iterdir())
            _holds(made, f"it writes nothing of the {name}, and raises no OutputError")
            stray = [each.name for each in made if not each.name.startswith("sample")]
            _holds(not stray, f"it leaves {', '.join(stray)}, whose names do not begin as the output's")
            _holds(len(list(Path(folder).iterdir())) == 1, "it writes outside of its folder")
            back = given is None or Path(given) in made
            _holds(back, f"it returns {given}, which is none of {', '.join(each.name for each in made)}")
    same = all(np.array_equal(before[key], values, equal_nan=True) for key, values in data.fields.items())
    _holds(same, f"it changes the {name}")
    return True
