"""Problems in time by the method of lines: differences in space, an adaptive Runge-Kutta method in time.

Explicit (Dormand and Prince 8(5,3)) where the fastest mode allows it, else implicit (Radau IIA of order 5, BDF for
complex unknowns), by `scipy.integrate.solve_ivp`.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
from scipy import sparse
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import SuperLU, splu
from sympy import Symbol

from inrpde.compiler import Bound
from inrpde.declaration.regions import Region
from inrpde.declaration.regions.where import Where
from inrpde.references.boxes import box_system
from inrpde.references.cost import afford, factor_seconds
from inrpde.references.cut_cells import cut_region, cut_system
from inrpde.references.equations import Equations, check_determined, sort_equations
from inrpde.references.evolution import Evolution
from inrpde.references.flow_evolution import FlowEvolution
from inrpde.references.layout import coarsest_axes, domain, find_flow, is_box, time_axis
from inrpde.references.matching import match_faces
from inrpde.references.narrow import refuse_narrow
from inrpde.references.reference import NoReference, Reference, Refusal, Unsupported, from_levels, refusal
from inrpde.references.steady import Progress, node_axes, on_nodes
from inrpde.references.stencils import Axis
from inrpde.references.stretches import Late, Stopped, Stretch, stretches_of
from inrpde.references.system import Array, Entry, System

KIND = "method of lines"
COARSEST = {1: 64, 2: 16, 3: 6}
"""Cells on the longest side of the first grid, where no number of cells is given."""
FINEST = {1: 4096, 2: 512, 3: 96}
"""And of the last."""
SIGHTS = (1.0, 2.0, 4.0)
"""How much longer cells in narrow places may be on the first grid, in turn, where the time does not suffice."""
ENOUGH = 3e-4
"""The estimated error, relative to what varies, at which grids need not be finer."""
SECONDS = 20.0
"""Seconds for all grids, where no budget leaves less."""
PATIENCE = 2.0
"""A grid is given up after so many times these seconds."""
TIMES = 33
"""Times at which the reference is known, equally spaced, and more where data are narrow in time."""
TOLERANCE = 1e-7
"""Error of a step in time, relative to what varies, far below that of the grid."""
ROUNDING = 1e-12
"""That of differences, relative to all that values are."""
STABLE = 5.0
"""The step of DOP853 times the fastest rate up to which it is stable, about."""
EXPLICIT = 400
"""Steps that an explicit method may need to be stable, where an implicit one would do."""
STAGES, FACTORS = 12 * 3e-8, 30.0
"""Seconds that a step of DOP853 takes for each value, and factorisations that an implicit method takes; measured."""
UNDAMPED = {False: 4000, True: 200_000}
"""And where nothing is damped: real, complex (which BDF would damp)."""
LOOK, HOPELESS = 0.5, 10.0
"""The part of the time that a grid may take after which it is given up, where it would take so many times all of it;
chosen: first steps are short."""
LOOSE = 0.01
"""Values that stay below that share of the size that they were taken to have are found again."""

Build = Callable[..., System]


def supports(bound: Bound) -> str | None:
    """Why the method of lines cannot serve, or None when it can."""
    return refusal(_check, bound)


def solve(
    bound: Bound, n: int | None = None, *, budget: float | None = None, progress: Progress | None = None
) -> Reference | NoReference:
    """Solve on grids of n/4, n/2 and n cells along the longest side (n rounded up to a multiple of four).

    Without `n` the grids are refined until the estimated error is small or the time runs out (`budget`, in seconds).
    The reference has time as its last axis.
    """
    try:
        equations, build = _check(bound)
        dim = len(equations.space.spatial)
        if n is not None:
            axes, limit, most = coarsest_axes(equations, -(-n // 4)), np.inf, 3
        else:
            limit, most = min(budget or SECONDS, SECONDS), 1 + int(np.log2(FINEST[dim] / COARSEST[dim]))
            axes = _affordable(equations, build, limit)
        return _refine(equations, build, axes, most, limit, progress)
    except Unsupported as reason:
        return reason.refused


def _affordable(equations: Equations, build: Build, limit: float) -> tuple[Axis, ...]:
    """The axes of the coarsest grid, whose cells in narrow places are as short as the time allows.

    Raises Unsupported where they cannot be short enough.
    """
    dim = len(equations.space.spatial)
    for sight in SIGHTS:
        axes = coarsest_axes(equations, COARSEST[dim], sight)
        if not any(axis.narrow for axis in axes):
            return axes
        if np.prod([2.0 * axis.cells for axis in axes]) > FINEST[dim] ** dim:
            continue
        share = limit / sum(2.0 ** (level * (dim + 1)) for level in range(3))
        begin = clock.perf_counter()
        with suppress(Late, Stopped):
            _march(build(equations, axes, time_order=2), np.array(equations.span), begin + share)
            return axes
    refuse_narrow(equations, f"longer than {limit:.3g} s")
    return axes


def _refine(
    equations: Equations, build: Build, axes: Sequence[Axis], most: int, limit: float, progress: Progress | None
) -> Reference:
    """March on grids of half the step each, until three agree, the next exceeds the limit, or there were enough."""
    times = time_axis(equations, TIMES - 1)
    begin = clock.perf_counter()
    levels: list[dict[str, Array]] = []
    found: Reference | None = None
    for level in range(most):
        start = clock.perf_counter()
        system = build(equations, [axis.refined(2**level) for axis in axes], time_order=2)
        try:
            further = sum(2.0 ** (k * (len(axes) + 1)) for k in range(max(3 - len(levels), 1)))
            levels.append(_march(system, times, begin + PATIENCE * limit, 1 / further))
        except Late:
            break
        except Stopped as reason:
            # a grid too coarse for a steep solution may break down; a finer one need not
            if most == 3 or level == most - 1:
                raise Unsupported(str(reason), Refusal.DIVERGED) from None
            levels.clear()
        if len(levels) >= 3:
            found = from_levels(KIND, node_axes(system), levels[-3:], system.grid.mask, times, ROUNDING, TOLERANCE)
        spent, now = clock.perf_counter() - start, clock.perf_counter() - begin
        if progress:
            progress(min((level + 1) / most, 1.0))
        if level < 2:
            afford(spent, 2, len(axes))
        errors = {} if found is None else {n: e * _spread(levels[-1][n]) for n, e in found.estimated_error.items()}
        good = found is not None and max(errors.values()) < ENOUGH and all(found.sound.values())
        finished = good and most > 3
        if finished or (now + spent * 2.0 ** (len(axes) + 1) > limit and (found is not None or now > limit)):
            break
    if found is None:
        refuse_narrow(equations, f"longer than {limit:.3g} s")
        raise Unsupported(f"three grids in time take longer than {limit:.3g} s", Refusal.TOO_DEAR)
    if progress:
        progress(1.0)
    return found


def _spread(values: Array) -> float:
    """How much larger values are than what they differ by from their mean; at most so much that rounding is told."""
    size = float(np.sqrt(np.nanmean(np.abs(values) ** 2)))
    apart = float(np.sqrt(np.nanmean(np.abs(values - np.nanmean(values)) ** 2)))
    return size / max(apart, 1e-6 * size) if size > 0 else 1.0


def _check(bound: Bound) -> tuple[Equations, Build]:
    if bound.space.time is None:
        raise Unsupported("the problem has no time")
    equations = sort_equations(bound)
    return equations, check_equations(equations)


def check_equations(equations: Equations) -> Build:
    """What makes the system on a grid, of a problem in time. Raises Unsupported where nothing does."""
    space = equations.space
    if not space.spatial:
        raise Unsupported("the problem has no coordinates but the time")
    if len(space.spatial) > 3:
        raise Unsupported(f"a grid in {len(space.spatial)} dimensions has too many points")
    domain(equations)
    flow = find_flow(equations.volume_terms, len(space.spatial), len(equations.unknowns))
    if flow is None and (equations.numbers or equations.points or equations.integrals):
        raise Unsupported("an integral or pointwise condition in a problem in time")
    if any(not integral.mean for integral in equations.integrals):
        raise Unsupported("an integral over time")
    for equation in (*equations.volume, *equations.faces):
        _check_constant(equation.region, space.time)
    if not any(term.time_order(unknown) > 0 for term in equations.volume_terms for unknown in term.unknowns):
        raise Unsupported("no equation has a derivative in time")
    if not equations.initial:
        raise Unsupported("there is no initial condition")
    if is_box(equations):
        return box_system
    cut_region(equations)
    return cut_system


def _check_constant(region: Region, time: Symbol) -> None:
    """Raise Unsupported for a region that selects times."""
    if isinstance(region, Where) and region.relation.has(time):
        raise Unsupported(f"a condition holds at some times only ({region.label})")
    for parent in region.parents:
        _check_constant(parent, time)


def initial_state(system: System, evolution: Evolution) -> Array:
    """The state at the start: values and velocities. Raises Unsupported where the conditions do not give them."""
    zero: Array = np.zeros(system.grid.width, system.dtype)
    factors, values, _ = initial_equations(system, evolution, zero)
    zero[: 2 * system.grid.size] = factors.solve(-values)
    return zero


def initial_equations(system: System, evolution: Evolution, state: Array) -> tuple[SuperLU, Array, csr_array]:
    """The initial conditions as equations for values and velocities, linear in them: the factors of their matrix,
    (2 size)², and at a state what is left of them, (2 size,), and its slopes, (2 size, width). Raises Unsupported where
    they do not determine these."""
    equations, size = system.equations, system.grid.size
    count, start = len(equations.unknowns), equations.span[0]
    terms = [equations.term(equation) for equation in equations.initial]
    # an initial condition determines the highest time derivative in it: number them unknown + count * order
    affinity = [sorted({leaf.unknown + count * leaf.time for leaf in term.leaves})[::-1] for term in terms]
    check_determined(equations.initial, affinity)
    targets = {number: target for target, number in match_faces(affinity).items()}
    given = np.zeros(2 * size, bool)
    slots, rows, values = [], [], []
    for number, equation in enumerate(equations.initial):
        order, unknown = divmod(targets.get(number, affinity[number][0]), count)
        place = system.grid.everywhere(unknown)
        first = system.grid.block(unknown).start + order * size
        holds = equation.region.contains(equations.lifted(system.grid.points(place), 0.0))
        picks = np.flatnonzero(holds & ~given[first : first + place.size])
        slot = first + picks
        entry = Entry(terms[number], place, picks, slot, equation.part, unknown, False)
        value, row = system.entry_tangent(entry, state, start)
        given[slot] = True
        slots.append(slot)
        rows.append(row)
        values.append(value)
    if not np.all(given[evolution.values]) or not np.all(given[evolution.velocities]):
        raise Unsupported(
            "too few initial conditions: as many as there are derivatives in time, everywhere, are needed"
        )
    free = np.flatnonzero(~given)
    rows.append(sparse.eye_array(2 * size, system.grid.width, format="csr")[free])
    values.append(state[free])
    sequence = np.argsort(np.concatenate([*slots, free]))
    matrix = csr_array(sparse.vstack(rows, format="csr")[sequence].astype(system.dtype))
    try:
        factors = splu(csc_array(matrix[:, : 2 * size]))
    except RuntimeError:
        raise Unsupported("the initial conditions do not determine the initial values") from None
    return factors, np.concatenate(values)[sequence].astype(system.dtype), matrix


def _march(system: System, times: Array, deadline: float, share: float = 1.0) -> dict[str, Array]:
    """The unknowns at all nodes and times. Raises Stopped, or Late at the `deadline` (of the performance counter), and
    where it will not be there with a `share` of what is left until then."""
    equations = system.equations
    flow = find_flow(equations.volume_terms, len(equations.space.spatial), len(equations.unknowns))
    evolution = Evolution(system) if flow is None else FlowEvolution(system, flow)
    start = evolution.pack(initial_state(system, evolution))
    if not np.all(np.isfinite(start)):
        raise Unsupported("the initial values are not finite on the grid")
    base = _base(evolution, start)
    sizes = _sizes(evolution, times, start, base)
    by = _method(evolution, times, start, sizes[0])
    states = _states(evolution, by, times, start, base, sizes, deadline, share)
    found = _largest(np.abs(np.array(states) - base).max(axis=0), len(evolution.values))
    if 0 < found[0] < LOOSE * sizes[0]:
        states = _states(evolution, by, times, start, base, found, deadline, share)
    steps = [on_nodes(system, evolution.complete(t, y)) for t, y in zip(times, states, strict=True)]
    return {name: np.stack([step[name] for step in steps], axis=-1) for name in steps[0]}


def _base(evolution: Evolution, start: Array) -> Array:
    """The mean of each unknown's first values, from which its values are counted: errors are relative to what varies;
    velocities are counted from zero."""
    base, grid = np.zeros_like(start), evolution.system.grid
    for k in range(len(evolution.system.equations.unknowns)):
        block = grid.block(k)
        mine = np.flatnonzero((evolution.values >= block.start) & (evolution.values < block.stop))
        base[mine] = np.mean(start[mine]) if len(mine) else 0.0
    return base


def _sizes(evolution: Evolution, times: Array, start: Array, base: Array) -> tuple[float, float]:
    """The sizes of values, counted from a base, and of velocities, for absolute tolerances: those at the start, or
    driven later at most."""
    length = times[-1] - times[0]
    values, velocities = _largest(np.abs(start - base), len(evolution.values))
    pushes = [float(np.max(np.abs(evolution(t, start)))) for t in times]
    scale = max(values, velocities * length) or float(np.trapezoid(pushes, times)) or 1.0
    return scale, scale / length


def _largest(amounts: Array, count: int) -> tuple[float, float]:
    """The largest of the first `count` amounts, and of the others."""
    return float(np.max(amounts[:count], initial=0.0)), float(np.max(amounts[count:], initial=0.0))


def _states(
    evolution: Evolution, by: tuple[str, float], times: Array, start: Array, base: Array, sizes: tuple[float, float],
    deadline: float, share: float,
) -> list[Array]:  # fmt: skip
    """The states at the times, of values and velocities of these sizes counted from a base, `by` a method and its
    longest step. Raises Stopped, or Late."""
    method, longest = by
    options = {"jac": lambda time, z: evolution.jacobian(time, base + z)} if method != "DOP853" else {}
    scales = np.repeat(sizes, [len(evolution.values), len(evolution.velocities)])
    reached, begun = [times[0]], clock.perf_counter()
    allowed = share * (deadline - begun)

    def watch(time: float, z: Array) -> float:
        spent, done = clock.perf_counter() - begun, abs((time - times[0]) / (times[-1] - times[0]))
        if spent > deadline - begun or (spent > LOOK * allowed and done * HOPELESS < LOOK):
            raise Late
        reached[0] = time
        return 1.0

    from scipy.integrate import solve_ivp

    states, z = [start], start - base
    for stretch in stretches_of(evolution.system.equations):
        inside = times[(times > stretch.start) & (times < stretch.end)]

        def rates(time: float, z: Array, stretch: Stretch = stretch) -> Array:
            return evolution(stretch.inner(time), base + z)

        with np.errstate(all="ignore"):
            found = solve_ivp(
                rates, (stretch.start, stretch.end), z, method, [*inside, stretch.end], events=watch, rtol=TOLERANCE,
                atol=TOLERANCE * scales, max_step=min(stretch.step, longest), **options,
            )  # fmt: skip
        if found.status != 0:
            what = f"the solution cannot be continued beyond t = {reached[0]:.4g}: it blows up, or turns too steep"
            raise Stopped(what)
        z = found.y[:, -1]
        states += [base + each for each in (*found.y.T[:-1], *([z] if stretch.end in times else []))]
    return states


def _method(evolution: Evolution, times: Array, start: Array, size: float) -> tuple[str, float]:
    """DOP853 where its stability allows few enough steps, or where nothing is damped; else an implicit method. And the
    longest step that is stable: one that is longer, where the fastest modes are rounding alone, spoils what lies
    between its ends.

    The fastest mode is found by power iteration on differences of f, by small shares of the values' `size`.
    """
    length = times[-1] - times[0]
    base = evolution(times[0], start)
    step = 1e-6 * size * np.sqrt(len(start))
    vector = np.random.default_rng(0).normal(size=len(start)).astype(start.dtype)
    growth, damping = [], 0.0
    for _ in range(24):
        vector /= np.linalg.norm(vector)
        after = (evolution(times[0], start + step * vector) - base) / step
        growth.append(float(np.linalg.norm(after)))
        damping = float(-np.vdot(vector, after).real)
        vector = after
        if not growth[-1]:
            return "DOP853", np.inf
    fastest = float(np.exp(np.mean(np.log(growth[8:]))))
    steps, most = fastest * length / STABLE, UNDAMPED[np.iscomplexobj(start)]
    unknowns, dim = len(evolution.system.equations.unknowns), len(evolution.system.equations.space.spatial)
    factors = FACTORS * factor_seconds(len(start) // unknowns, unknowns, dim, np.iscomplexobj(start))
    quicker = steps * STAGES * len(start) < factors
    if evolution.explicit or steps < EXPLICIT or quicker or (damping < 0.1 * fastest and steps < most):
        return "DOP853", STABLE / fastest
    return "BDF" if np.iscomplexobj(start) else "Radau", np.inf
