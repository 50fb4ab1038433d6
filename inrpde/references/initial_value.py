"""Ordinary differential equations from their initial values, by `scipy.integrate.solve_ivp`.

The equations are solved for the highest derivatives, in which they are linear; what is left is a system of first order.
LSODA takes Adams' methods where they are stable, and backward differences where the equations are stiff (Petzold 1983).
It runs with smaller and smaller tolerances; the error is what the last two differ by.
"""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Derivative, Dummy, Eq, Expr
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from inrpde.compiler import Bound
from inrpde.references.crossings import PLACES, overlooked, passes
from inrpde.references.formula import Formula
from inrpde.references.reference import NoReference, Reference, Refusal, Unsupported, norm, refusal
from inrpde.references.steady import Progress
from inrpde.resolution import nodes, steps

Array = np.ndarray
KIND = "initial-value"
TOLERANCES = (1e-9, 1e-11, 1e-13)
"""Relative errors of a step, one run after another."""
BESIDE = 1e-2
"""The absolute tolerance, beside the relative one times the largest value; and of the first run, times the first."""
ENOUGH = 1e-10
"""The estimated error at which tolerances need not be smaller."""
BETTER, SATURATED = 0.2, 0.1
"""The error of a run over what it differs by from the one before, where that is no more than so much."""
SECONDS = 10.0
"""Seconds for all runs, where no budget leaves less."""
FEWEST, MOST, EACH = 1000, 20_000, 4
"""Equally spaced nodes, at least and at most, and how many for each step."""
FOLLOWED = 8
"""How often a run begins again with shorter steps where it has stepped over something, at most."""
MISSED = "the reference steps over places where functions of the unknowns are narrow, as there are too many of them"
TRIES = 60
"""Newton steps for initial values that are given by equations."""
LEAST = 1e-10
"""No error of many steps is estimated to be smaller."""
LONGEST, HALF = 1 / 100, 0.5
"""The longest step, as a share of the whole, and where data are narrow half of the length on which they vary."""
STUCK, WITHIN = 5000, 1e-12
"""So many evaluations within this share of the whole show that the solution cannot be continued."""
ORDER = 5.0
"""That of the backward differences; Adams' go up to 12."""


def supports(bound: Bound) -> str | None:
    """Why it cannot serve, or None when it can."""
    return refusal(_System.of, bound)


def solve(
    bound: Bound, n: int | None = None, *, budget: float | None = None, progress: Progress | None = None
) -> Reference | NoReference:
    """The solution at n + 1 equally spaced nodes (as many as its steps ask for where `n` is None), in `budget` seconds
    at most."""
    try:
        return _refine(_System.of(bound), n, min(budget or SECONDS, SECONDS), progress)
    except Unsupported as reason:
        return reason.refused


def _refine(system: _System, n: int | None, limit: float, progress: Progress | None) -> Reference:
    """Runs with smaller and smaller tolerances, until two agree or the time is up."""
    begun, start = clock.perf_counter(), system.initial_values()
    sizes, nodes = system.first_sizes(start), np.zeros(0)
    found: Reference | None = None
    before: dict[str, Array] | None = None
    for number, tolerance in enumerate(TOLERANCES):
        since = clock.perf_counter()
        try:
            system, run, whole = system.followed(start, tolerance, sizes, begun + limit)
        except _Late:
            break
        if not number:
            count = n or int(np.clip(EACH * sum(len(one.t) for one in run), FEWEST, MOST))
            nodes = np.linspace(min(system.start, system.end), max(system.start, system.end), count + 1)
        values, sizes = system.unknowns(run, nodes), np.minimum(sizes, system.sizes(run))
        if before is not None:
            found = _reference(nodes, values, before, whole)
            if max(found.estimated_error.values()) < ENOUGH:
                break
        before = values
        if progress:
            progress((number + 1) / len(TOLERANCES))
        now = clock.perf_counter()
        if found is not None and now - begun + 3 * (now - since) > limit:
            break
    if found is None:
        raise Unsupported(f"two runs take longer than {limit:.3g} s", Refusal.TOO_DEAR)
    if progress:
        progress(1.0)
    return found


def _reference(nodes: Array, values: dict[str, Array], before: dict[str, Array], whole: bool) -> Reference:
    gaps = {name: norm(each - before[name], [nodes]) / (norm(each, [nodes]) or 1.0) for name, each in values.items()}
    errors = {name: max(gap * (BETTER if gap < SATURATED else 1.0), LEAST) for name, gap in gaps.items()}
    return Reference(
        KIND, (nodes,), values, None, errors, {}, (nodes,), dict.fromkeys(values, ORDER), () if whole else (MISSED,),
        sound=dict.fromkeys(values, whole),
    )  # fmt: skip


class _Late(Exception):
    """The deadline has passed."""


@dataclass(frozen=True)
class _System:
    """The equations in symbols: `jets[k][m]` is the m-th derivative of unknown k, the last of them the highest.
    `data` are derivatives of coefficients that are given by data. Values run from `start` to `end`, in short steps in
    `narrow` places (see `Evolution.stages`)."""

    bound: Bound
    jets: Sequence[Sequence[Dummy]]
    data: dict[Dummy, tuple[AppliedUndef, int]]
    equations: Sequence[Expr]
    conditions: Sequence[Expr]
    start: float
    end: float
    narrow: Sequence[tuple[float, float, float]]

    @classmethod
    def of(cls, bound: Bound) -> _System:
        """Raises Unsupported where the problem is no such system."""
        way = bound.evolves
        if way is None or bound.space.dim > 1:
            raise Unsupported("not all conditions hold at one end of a single coordinate")
        for unknown, order in zip(bound.unknowns, bound.orders, strict=True):
            if not order:
                raise Unsupported(f"no equation has a derivative of {unknown.name}: it is given by algebra alone")
        jets = [
            [Dummy(f"{u.name}{m}") for m in range(n + 1)] for u, n in zip(bound.unknowns, bound.orders, strict=True)
        ]
        known = {u.symbol: jet for u, jet in zip(bound.unknowns, jets, strict=True)}
        data: dict[Dummy, tuple[AppliedUndef, int]] = {}
        rows: dict[bool, list[Expr]] = {True: [], False: []}
        for condition in bound.conditions:
            equation = bound.problem.conditions[condition.index].equation
            if isinstance(equation, Relational) and not isinstance(equation, Eq):
                raise Unsupported(f"{condition} is an inequality")
            rows[bool(condition.region.dim)] += [_in_symbols(row.doit(), known, data) for row in condition.residuals]
        if len(rows[True]) != len(jets) or len(rows[False]) != sum(bound.orders):
            raise Unsupported("there are not as many equations as unknowns, and as many initial values as orders")
        highest = [jet[-1] for jet in jets]
        for row in rows[True]:
            if any(row.diff(symbol).has(*highest) for symbol in highest):
                raise Unsupported("the equations are not linear in the highest derivatives: they are implicit")
        if any(row.has(*highest) for row in rows[False]):
            raise Unsupported("an initial condition has a derivative as high as the equations")
        return cls(bound, jets, data, rows[True], rows[False], way.start, way.end, steps(bound, 0))

    # -- the system of first order

    @cached_property
    def lower(self) -> list[Dummy]:
        """What is followed: all derivatives below the highest."""
        return [symbol for jet in self.jets for symbol in jet[:-1]]

    @cached_property
    def highest(self) -> list[Dummy]:
        return [jet[-1] for jet in self.jets]

    @cached_property
    def slopes(self) -> list[Expr]:
        """Those of the equations by the highest derivatives, row by row."""
        return [row.diff(symbol) for row in self.equations for symbol in self.highest]

    @cached_property
    def explicit(self) -> Formula:
        """What the equations leave without the highest derivatives, then their slopes by these."""
        without = dict.fromkeys(self.highest, 0)
        return Formula([*(row.xreplace(without) for row in self.equations), *self.slopes], self._text)

    @cached_property
    def inverse(self) -> Array | None:
        """That of the slopes, where these are numbers: a call of LAPACK for each rate takes as long as all else."""
        if any(slope.free_symbols or slope.is_real is not True for slope in self.slopes):
            return None
        try:
            return np.linalg.inv(np.array(self.slopes, float).reshape(len(self.highest), -1))
        except np.linalg.LinAlgError:
            return None

    @property
    def _text(self) -> str:
        return "; ".join(str(condition) for condition in self.bound.conditions)

    @cached_property
    def complex(self) -> bool:
        return any(unknown.complex for unknown in self.bound.unknowns)

    def rates(self, at: float, y: Array) -> Array:
        """dy/dt; complex values lie in pairs."""
        values = y.view(complex) if self.complex else y
        found = self.explicit(self._env(at) | dict(zip(self.lower, values, strict=True)))
        count = len(self.highest)
        rests = np.array(found[:count])
        if self.inverse is not None:
            highest = iter(self.inverse @ -rests)
        else:
            try:
                highest = iter(np.linalg.solve(np.array(found[count:]).reshape(count, count), -rests))
            except np.linalg.LinAlgError:
                raise Unsupported(
                    f"the equations do not say what the highest derivatives are at {self.bound.space.coords[0]} = "
                    f"{at:.4g}",
                    Refusal.SINGULAR,
                ) from None
        out, place = np.empty(len(values), values.dtype), 0
        for jet in self.jets:
            order = len(jet) - 1
            out[place : place + order - 1] = values[place + 1 : place + order]
            out[place + order - 1] = next(highest)
            place += order
        return out.view(float)

    def _env(self, at: float) -> dict[Any, Any]:
        point, fields = np.array([[at]]), self.bound.fields
        given = {s: fields[f].jets(point, [(order,)])[order,][0] for s, (f, order) in self.data.items()}
        return {self.bound.space.coords[0]: at, **given}

    def initial_values(self) -> Array:
        """The first values, by Newton's method where they are given by equations that are not linear."""
        slopes = [row.diff(symbol) for row in self.conditions for symbol in self.lower]
        formula, count = Formula([*self.conditions, *slopes], self._text), len(self.lower)
        for first in (0.0, 1.0):
            found = np.full(count, first, complex if self.complex else float)
            for _ in range(TRIES):
                values = formula(self._env(self.start) | dict(zip(self.lower, found, strict=True)))
                try:
                    change = np.linalg.solve(np.array(values[count:]).reshape(count, count), -np.array(values[:count]))
                except np.linalg.LinAlgError:
                    break
                found = found + change
                if not np.all(np.isfinite(found)):
                    break
                if np.all(np.abs(change) <= 1e-14 * np.abs(found)):
                    return found.view(float)
        raise Unsupported("the initial conditions do not determine the initial values")

    def followed(self, start: Array, tolerance: float, sizes: Array, until: float) -> tuple[_System, list[Any], bool]:
        """The system with the places that are narrow as functions of the unknowns, a run, and whether it steps over
        none: as what is found there changes what follows, the next are looked for again."""
        system = self
        for _ in range(FOLLOWED):
            run = system.run(start, tolerance, sizes, until)
            missed, often = system.missed(run)
            if not missed:
                return system, run, often <= PLACES or len(system.narrow) == len(steps(self.bound, 0))
            system = replace(system, narrow=[*system.narrow, *missed])
        return system, run, False

    def missed(self, run: list[Any]) -> tuple[list[tuple[float, float, float]], int]:
        """Places that a run has stepped over, and how many there are of the kind, at least."""
        known = {self.bound.space.coords[0], *self.lower}
        every = list(dict.fromkeys(node for row in self.equations for node in nodes(row)))
        every = [each for each in every if each.argument.free_symbols <= known and each.argument.has(*self.lower)]
        if not every:
            return [], 0
        formula = Formula([each.argument for each in every], self._text)

        def arguments(times: Array) -> list[Array]:
            values = self.values(run, times)
            env = {self.bound.space.coords[0]: times} | dict(zip(self.lower, values, strict=True))
            return [np.real(np.broadcast_to(each, times.shape)) for each in formula(env)]

        def rates(times: Array) -> Array:
            states = np.ascontiguousarray(self.states(run, times).T)
            return np.array([self.rates(at, y) for at, y in zip(times, states, strict=True)])

        ends = np.concatenate([one.t for one in run])
        region = next(condition.region for condition in self.bound.conditions if condition.region.dim)
        return overlooked(region, every, arguments, rates, ends), passes(every, arguments, ends)

    def run(self, start: Array, tolerance: float, sizes: Array, until: float) -> list[Any]:
        """What scipy finds, from place to place where data are narrow. Raises _Late at the time `until` (of the
        performance counter), and Unsupported where the solution cannot be continued."""
        reached, calls = self.start, 0

        from scipy.integrate import solve_ivp

        def rates(at: float, y: Array) -> Array:
            nonlocal reached, calls
            if clock.perf_counter() > until:
                raise _Late
            calls += 1
            if abs(at - reached) > WITHIN * abs(self.end - self.start):
                reached, calls = at, 0
            if calls > STUCK:
                raise self._stopped(reached)
            return self.rates(at, y)

        with np.errstate(all="ignore"):
            if not np.all(np.isfinite(self.rates(self.start, start))):
                raise Unsupported("the equations are singular at the start", Refusal.SINGULAR)
            found = list[Any]()
            way = self.bound.evolves
            assert way is not None
            for *span, varies in way.stages(self.narrow):
                longest = min(LONGEST * abs(self.end - self.start), HALF * varies)
                one = solve_ivp(
                    rates, span, found[-1].y[:, -1] if found else start, "LSODA", rtol=tolerance,
                    atol=BESIDE * tolerance * sizes, dense_output=True, max_step=longest,
                )  # fmt: skip
                if one.status != 0 or not np.all(np.isfinite(one.y)):
                    raise self._stopped(reached)
                found.append(one)
        return found

    def _stopped(self, at: float) -> Unsupported:
        where = f"{self.bound.space.coords[0]} = {at:.4g}"
        text = f"the solution cannot be continued beyond {where}: it blows up, or turns too steep"
        return Unsupported(text, Refusal.DIVERGED)

    def first_sizes(self, start: Array) -> Array:
        """What the components' sizes may be, by their first values and rates."""
        sizes = np.maximum(np.abs(start), BESIDE * abs(self.end - self.start) * np.abs(self.rates(self.start, start)))
        return np.maximum(sizes, BESIDE * float(np.max(sizes)) or 1.0)

    def sizes(self, found: list[Any]) -> Array:
        """The largest value of each component (count,), of a complex one for both parts."""
        most = np.max([np.max(np.abs(one.y), axis=1) for one in found], axis=0)
        pairs = most.reshape(-1, 2 if self.complex else 1).max(axis=1)
        return np.maximum(np.repeat(pairs, 2 if self.complex else 1), 1e-300)

    def states(self, found: list[Any], times: Array) -> Array:
        """What was followed (count, N), complex values in pairs, at times (N,)."""
        pieces = found if self.start < self.end else found[::-1]
        order = np.argsort(times, kind="stable")
        cuts = np.searchsorted(times[order], [max(one.t[0], one.t[-1]) for one in pieces[:-1]])
        parts = [one.sol(part) for one, part in zip(pieces, np.split(times[order], cuts), strict=True) if len(part)]
        return np.concatenate([pieces[0].y[:, :0], *parts], axis=1)[:, np.argsort(order, kind="stable")]

    def values(self, found: list[Any], times: Array) -> Array:
        """The same with complex numbers."""
        states = self.states(found, times)
        return states[::2] + 1j * states[1::2] if self.complex else states

    def unknowns(self, found: list[Any], nodes: Array) -> dict[str, Array]:
        """The unknowns at nodes (N,)."""
        values = self.values(found, nodes)
        own = [self.lower.index(jet[0]) for jet in self.jets]
        rows = zip(self.bound.unknowns, own, strict=True)
        return {u.name: values[k] if u.complex else values[k].real for u, k in rows}


def _in_symbols(
    expr: Expr, known: dict[AppliedUndef, list[Dummy]], data: dict[Dummy, tuple[AppliedUndef, int]]
) -> Expr:
    """An equation with symbols for the derivatives of the unknowns, and for data."""
    held: dict[Expr, Dummy] = {}
    for atom in expr.atoms(Derivative, AppliedUndef):
        of, order = (atom.expr, len(atom.variables)) if isinstance(atom, Derivative) else (atom, 0)
        if of in known:
            held[atom] = known[of][order]
        else:
            held[atom] = Dummy()
            data[held[atom]] = (of, order)
    return expr.xreplace(held)
