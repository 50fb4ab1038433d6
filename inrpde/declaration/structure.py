"""Whether the parts of a problem fit together: asked when it is made, before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

import sympy
from sympy import Basic, DiracDelta, Dummy, Expr, I, Subs, Symbol
from sympy.core.function import AppliedUndef

from inrpde.declaration.arguments import check_arguments
from inrpde.declaration.conditions import On
from inrpde.declaration.fields import GridField, Learned, MeshField
from inrpde.declaration.integral import RegionIntegral, check_whole
from inrpde.declaration.names import check_names
from inrpde.declaration.regions import Region
from inrpde.declaration.regions.points import PointSet
from inrpde.declaration.space import NormalComponent, is_complex, is_name
from inrpde.declaration.words import words
from inrpde.errors import ProblemError

if TYPE_CHECKING:
    from inrpde.declaration.problem import Problem


def check(p: Problem) -> None:
    """Raise ProblemError, naming the culprit, if the structure is wrong."""
    _check_unknowns(p)
    _check_coefficients(p)
    _check_names(p)
    for condition in p.conditions:
        _check_condition(p, condition)
    _check_used(p)
    _check_expressions(p)
    _check_report(p)


def _check_unknowns(p: Problem) -> None:
    place = f'Problem("{p.name}", unknowns=[…])'
    if not p.unknowns:
        raise ProblemError("there are no unknowns", place, 'u = space.unknown("u"); Problem(…, unknowns=[u], …)')
    for u in p.unknowns:
        if not isinstance(u, AppliedUndef):
            raise ProblemError(f"{words(u)} is not an unknown", place, 'make one: u = space.unknown("u")')
        if u.args != p.space.coords:
            raise ProblemError(
                f"{u} is not a function of {', '.join(map(str, p.space.coords))}",
                place,
                "every unknown depends on all coordinates of the space, in their order (the symbols of space.coords)",
            )
    names = [words(u) for u in p.unknowns]
    for mapping, word, found in (
        (p.exact, "exact", (*p.unknowns, *_learned_fields(p))),
        (p.guess, "guess", p.unknowns),
    ):
        for key in mapping:
            if key not in found:
                fix = f"the unknowns are {', '.join(names)}"
                if words(key) in names:
                    fix = f"{words(key)} is another symbol than the unknown of that name: use one object throughout"
                raise ProblemError(
                    f"{word} is given for {words(key)}, which is not an unknown", f'Problem("{p.name}", {word}=…)', fix
                )
    for condition in p.conditions:
        if condition.region.space is not p.space and condition.region.space.coords != p.space.coords:
            raise ProblemError("the regions lie in different spaces", str(condition), "use one Space in a problem")


def _check_names(p: Problem) -> None:
    """Whatever is written to files and asked for by its name has one of its own."""
    place = f'Problem("{p.name}", unknowns=[…], coefficients={{…}})'
    found: dict[str, str] = {}
    kinds = {
        "a coordinate": p.space.coords, "an unknown": p.unknowns, "a coefficient": p.coefficients,
        "a parameter": p.parameters,
    }  # fmt: skip
    for kind, keys in kinds.items():
        for key in keys:
            name = words(key)
            if not is_name(name):
                fix = "use letters, digits and _; not a digit first, and no word of Python's own (lam for lambda)"
                raise ProblemError(f"{name!r} is not a name", place, fix)
            if name in found:
                raise ProblemError(
                    f"'{name}' is the name of two things: {found[name]} and {kind}",
                    place,
                    "give each its own name, or use one object throughout (its assumptions belong to a symbol)",
                )
            found[name] = kind
    solved = {words(u): is_complex(u) for u in (*p.unknowns, *_learned_fields(p))}
    check_names(solved, [str(x) for x in p.space.coords], place)


def _learned_fields(p: Problem) -> list[AppliedUndef]:
    return [key for key, data in p.coefficients.items() if isinstance(data, Learned) and isinstance(key, AppliedUndef)]


def _check_coefficients(p: Problem) -> None:
    real = not p.complex_unknowns
    for key, value in p.coefficients.items():
        place = f'Problem("{p.name}", coefficients={{{words(key)}: …}})'
        if not isinstance(key, (AppliedUndef, Symbol)) or key in p.unknowns:
            raise ProblemError(
                f"{words(key)} is not a coefficient",
                place,
                'bind what space.coefficient("a") or space.parameter("nu") returned',
            )
        if isinstance(key, Symbol) and isinstance(value, (GridField, MeshField)):
            raise ProblemError(
                f"{key} is a parameter, a number, and is bound to a field", place, "use space.coefficient for a field"
            )
        if isinstance(key, AppliedUndef):
            needed = _needed(p, [value]) if isinstance(value, Expr) else set()
            check_arguments(p.space, key, value, needed, place)
        if isinstance(value, Expr):
            _check_known(p, value, place, {*p.unknowns, *p.space.normal})
            imaginary = value.has(I) and value.is_real is not True
        else:
            imaginary = not isinstance(value, Learned) and value.is_complex
        if real and imaginary:
            raise ProblemError(
                f"the coefficient {words(key)} is complex and every unknown is real",
                place,
                'declare the unknown complex: space.unknown("u", complex=True)',
            )
        if isinstance(value, GridField):
            _check_cover(p, key, value, place)


def _check_used(p: Problem) -> None:
    used = _needed(p, (row for c in p.conditions for row in c.residuals))
    for kind, keys in (("unknown", p.unknowns), ("coefficient", p.coefficients)):
        for key in keys:
            if key not in used:
                raise ProblemError(
                    f"the {kind} {words(key)} appears in no equation",
                    f'Problem("{p.name}", {kind}s=…)',
                    "remove it, or use the same symbol in the equations (assumptions are part of a symbol's identity)",
                )


def _check_cover(p: Problem, key: Basic, value: GridField, place: str) -> None:
    for condition in p.conditions:
        if key in _needed(p, condition.residuals):
            lo, hi = condition.region.bounds
            if len(value.axes) != p.space.dim:
                raise ProblemError(
                    f"{words(key)} has {len(value.axes)} axes, and depends on {len(key.args)} coordinates",
                    place,
                    "give one axis for each coordinate, in the order of space.coords; of=(…) for a field of some",
                )
            if not value.covers(lo, hi):
                raise ProblemError(
                    f"the axes of {words(key)} do not cover {condition.where}: "
                    + ", ".join(
                        f"{x} {axis[0]:g}…{axis[-1]:g} of {a:g}…{b:g}"
                        for x, axis, a, b in zip(p.space.coords, value.axes, lo, hi, strict=True)
                    ),
                    place,
                    "extend the data, or shrink the region; axes are in the order of space.coords",
                )


def _needed(p: Problem, expressions: Iterable[Expr]) -> set[Basic]:
    """The symbols and functions that expressions need, those inside the expressions of coefficients included."""
    found: set[Basic] = set()
    fresh = set().union(*(expr.atoms(AppliedUndef, Symbol) for expr in expressions))
    while fresh:
        found |= fresh
        bound = [value for key in fresh if isinstance(value := p.coefficients.get(key), Expr)]
        fresh = set().union(*(expr.atoms(AppliedUndef, Symbol) for expr in bound)) - found
    return found


def _known_symbols(p: Problem) -> set[Basic]:
    return {*p.space.coords, *p.coefficients, *p.parameters}


def _check_known(p: Problem, expr: Expr, place: str, more: set[Basic]) -> None:
    """Coordinates and bound coefficients only, and what else is allowed."""
    known = _known_symbols(p) | more
    for atom in sorted((expr.atoms(AppliedUndef) | expr.free_symbols) - known, key=str):
        if atom in p.unknowns:
            raise ProblemError(f"{words(atom)} is an unknown itself", place, "give an expression of the coordinates")
        _unknown_symbol(p, atom, place)


def _check_condition(p: Problem, condition: On) -> None:
    place = str(condition)
    if condition.periodic:
        u, x = condition.periodic.unknown, condition.periodic.coordinate
        if u not in p.unknowns or x not in p.space.coords:
            raise ProblemError(
                f"{condition.text} needs an unknown and a coordinate of the problem", place, "Periodic(u, x)"
            )
        return
    for row in condition.residuals:
        atoms = row.atoms(AppliedUndef)
        if not any(u in p.unknowns for u in atoms):
            _stray_functions(p, atoms, place)
            learned = {key for key, value in p.coefficients.items() if isinstance(value, Learned)}
            if not row.has(*learned) if learned else True:
                raise ProblemError(
                    f"the equation {words(row)} = 0 has no unknown in it",
                    place,
                    f"the unknowns are {', '.join(map(words, p.unknowns))}; a derivative by no coordinate is zero",
                )
        _stray_functions(p, atoms, place)
        if row.has(DiracDelta):
            raise ProblemError(
                "a Dirac source has no strong form",
                place,
                "smear it: a narrow Gaussian, exp(-r²/(2s²)), of the same integral",
            )
        if any(integral.has(*p.unknowns) for integral in row.atoms(sympy.Integral)):
            raise ProblemError(
                "an unknown stands under sympy's Integral",
                place,
                "integrals of unknowns are taken over regions: omega.integral(u), omega.mean(u)",
            )
        if row.has(Subs):
            raise ProblemError(
                "an unknown is evaluated at another point (Subs)",
                place,
                "put the condition on that face, or use Periodic",
            )
        for derivative in row.atoms(sympy.Derivative):
            for x, _ in derivative.variable_count:
                if x not in p.space.coords:
                    raise ProblemError(
                        f"a derivative with respect to {x}, which is not a coordinate",
                        place,
                        f"the coordinates are {', '.join(map(str, p.space.coords))}"
                        + ("" if p.space.time else f'; for a time: Space("…", time="{x}")'),
                    )
        _check_symbols(p, row, condition.region, place)
        _check_labels(p, row, condition.region, place)
        for integral in row.atoms(RegionIntegral):
            _check_symbols(p, integral.integrand, integral.region, place)
            check_whole(integral, place)
        if not p.complex_unknowns and row.has(I) and not row.is_real:
            raise ProblemError(
                "the equation is complex and every unknown is real",
                place,
                'declare the unknown complex: space.unknown("u", complex=True)',
            )


def _check_symbols(p: Problem, expr: Expr, region: Region, place: str) -> None:
    region.check_time()
    for symbol in sorted(expr.free_symbols - _known_symbols(p) - set(region.labels), key=str):
        if isinstance(symbol, NormalComponent):
            if symbol not in p.space.normal:
                raise ProblemError("the normal of another space", place, "use one Space in a problem")
            if region.dim == p.space.dim:
                raise ProblemError(
                    "a normal (dn or space.normal) inside a region",
                    place,
                    "normals exist on boundaries: omega.boundary",
                )
        elif isinstance(symbol, Dummy):
            raise ProblemError(
                f"{symbol.name} is a label of other points", place, "labels hold on their own Points: On(points, …)"
            )
        else:
            _unknown_symbol(p, symbol, place)


def _check_labels(p: Problem, expr: Expr, region: Region, place: str) -> None:
    """Normals that points do not have, and complex readings of real unknowns."""
    if isinstance(region, PointSet):
        if expr.has(NormalComponent) and getattr(region, "normals", None) is None:
            raise ProblemError(
                "these points have no normals", place, "give them: Points(space, coordinates, labels, normals=…)"
            )
        wrong = sorted(s.name for s in expr.free_symbols & set(region.labels) if not s.is_real)
        if wrong and not p.complex_unknowns:
            raise ProblemError(
                f"the label {wrong[0]} is complex and every unknown is real",
                place,
                'declare the unknown complex: space.unknown("u", complex=True), or give the real part',
            )


def _stray_functions(p: Problem, atoms: Iterable[Basic], place: str) -> None:
    for f in sorted(atoms, key=str):
        if f in p.unknowns or f in p.coefficients:
            continue
        same = [
            g
            for g in (*p.unknowns, *p.coefficients)
            if isinstance(g, AppliedUndef) and g.func.__name__ == f.func.__name__
        ]
        if same and f.args != same[0].args:
            raise ProblemError(
                f"{f} is evaluated away from the point where the condition holds",
                place,
                "put the condition on that set (omega.face(x, 0)), or use Periodic",
            )
        if same:
            raise ProblemError(
                f"{words(f)} is not the symbol that the problem declares: its assumptions differ",
                place,
                f'use one object throughout: {words(f)} = space.unknown("{words(f)}") or space.coefficient',
            )
        raise ProblemError(
            f"the coefficient {words(f)} is never bound",
            place,
            f"bind it: Problem(…, coefficients={{{words(f)}: …}}), or list it in unknowns",
        )


def _unknown_symbol(p: Problem, symbol: Basic, place: str) -> None:
    if isinstance(symbol, AppliedUndef):
        _stray_functions(p, [symbol], place)
    names = {str(x): "a coordinate" for x in p.space.coords} | {words(key): "a coefficient" for key in p.coefficients}
    if str(symbol) in names:
        raise ProblemError(
            f"the symbol {symbol} has the name of {names[str(symbol)]} and is another symbol",
            place,
            "take the symbols from space.coords, space.coefficient and space.parameter; symbols('x') makes another",
        )
    near = get_close_matches(str(symbol), names, 1)
    raise ProblemError(
        f"the symbol {symbol} is unknown: it is no coordinate, and no coefficient that is bound",
        place,
        (f"did you mean {near[0]}? " if near else "")
        + f'a number, {symbol} = space.parameter("{symbol}"), has to be bound: '
        + f"Problem(…, coefficients={{{symbol}: 1.0}})",
    )


def _check_expressions(p: Problem) -> None:
    for mapping, word in ((p.exact, "exact"), (p.guess, "guess")):
        for key, value in mapping.items():
            place = f'Problem("{p.name}", {word}={{{words(key)}: …}})'
            _check_known(p, value, place, set())


def _check_report(p: Problem) -> None:
    """What is asked for is a number of the unknowns: nothing of it varies outside of integrals."""
    for asked in p.report:
        place = f'Problem("{p.name}", report=[{words(asked)}])'
        if not isinstance(asked, Expr) or not asked.has(RegionIntegral):
            raise ProblemError(
                f"{words(asked)} is no number of the solution",
                place,
                "integrals and means over regions are: omega.integral(u), wall.integral(space.dn(u)), omega.mean(u)",
            )
        numbers = {node: Dummy() for node in asked.atoms(RegionIntegral)}
        outside = asked.xreplace(numbers)
        free = outside.free_symbols | outside.atoms(AppliedUndef)
        for symbol in sorted(free & {*p.space.coords, *p.space.normal, *p.unknowns}, key=str):
            raise ProblemError(
                f"{words(symbol)} varies from place to place", place, f"take it over a region: omega.mean({symbol})"
            )
        _check_known(p, outside, place, set(numbers.values()))
        for integral in asked.atoms(RegionIntegral):
            _check_symbols(p, integral.integrand, integral.region, place)
            check_whole(integral, place)
            _stray_functions(p, integral.integrand.atoms(AppliedUndef), place)


def warned(p: Problem) -> list[str]:
    found = []
    has_boundary = any(c.region.dim < p.space.dim for c in p.conditions)
    if not has_boundary and any(c.region.dim == p.space.dim and _differential(c) for c in p.conditions):
        found.append("no condition on any boundary: the solution is not unique unless the equations say so")
    return found


def _differential(condition: On) -> bool:
    return any(row.has(sympy.Derivative) for row in condition.residuals)
