"""The coordinates of a problem, its symbols, and the differential operators on them."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Derivative, Expr, Function, ImmutableDenseMatrix, Matrix, MatrixBase, Symbol
from sympy.core.function import AppliedUndef

from inrpde.declaration.words import words
from inrpde.errors import ProblemError

if TYPE_CHECKING:
    from inrpde.declaration.regions import Region


LONGEST_NAME = 200
"""Characters; a name is that of a dataset, too, and of an array in VTK."""
LIKE = 0.45
"""How alike an operator and the word for it are at least: div and divergence."""


def is_complex(u: AppliedUndef) -> bool:
    """An unknown is complex when it was declared so; a plain Function without assumptions is real."""
    return bool(u.is_complex) and not u.is_real


def is_name(name: str) -> bool:
    """Whether this is the name of a coordinate, unknown or coefficient: an identifier that means nothing to Python."""
    special = keyword.iskeyword(name) or (name.startswith("__") and name.endswith("__"))
    return name.isidentifier() and len(name) <= LONGEST_NAME and not special


class NormalComponent(Symbol):
    """A component of the outward unit normal, filled in where a condition lies on a boundary."""


def _names(names: str | Iterable[str]) -> list[str]:
    listed = re.split(r"[,\s]+", names.strip()) if isinstance(names, str) else names
    if not isinstance(listed, Iterable) or not all(isinstance(name, str) for name in listed):
        raise ProblemError(f"{names!r} are not names", "Space(…)", 'write the names in a string: Space("x y")')
    return list(listed)


class Space:
    """Coordinates x (and a time), with the unknowns and coefficients that are functions of them.

    `coords` are real sympy symbols, time last; `spatial` are those without the time, `time` is the time or None. A time
    alone, `Space(time="t")`, is for ordinary differential equations.
    """

    def __init__(self, names: str | Iterable[str] = "", time: str | None = None):
        listed = [] if names == "" and time is not None else _names(names)
        wrong = [name for name in (*listed, *([] if time is None else [time])) if not is_name(str(name))]
        if (not listed and time is None) or wrong:
            raise ProblemError(
                f"{wrong[0] if wrong else ''!r} is not the name of a coordinate",
                f"Space({names!r}, time={time!r})",
                'write the names in a string: Space("x y")',
            )
        if len({*listed, time}) < len(listed) + 1:
            raise ProblemError(
                "a coordinate is named twice", f"Space({names!r}, time={time!r})", "give each coordinate its own name"
            )
        self.spatial: tuple[Symbol, ...] = tuple(Symbol(name, real=True) for name in listed)
        self.time: Symbol | None = Symbol(time, real=True) if time else None
        self.coords: tuple[Symbol, ...] = self.spatial + ((self.time,) if self.time else ())
        self.dim = len(self.coords)
        self.normal = ImmutableDenseMatrix([NormalComponent(f"n_{x}", real=True) for x in self.spatial])
        self.domains: dict[AppliedUndef, Region] = {}

    def __repr__(self) -> str:
        names = " ".join(map(str, self.spatial))
        given = [f'"{names}"'] * bool(names) + [f'time="{self.time}"'] * (self.time is not None)
        return f"Space({', '.join(given)})"

    def __getattr__(self, name: str) -> Any:
        """What is asked for and is not there: the error names what is meant, `laplace` for `laplacian`."""
        there = ["coords", "spatial", "time", "dim", "normal", *(key for key in vars(Space) if not key.startswith("_"))]
        near = None if name.startswith("_") else get_close_matches(name, there, 1, LIKE)
        raise AttributeError(
            f"a Space has no {name!r}: " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(there)}")
        )

    # -- symbols

    def unknown(self, name: str, complex: bool = False, on: Region | None = None) -> AppliedUndef:
        """An unknown field Φ(x): an applied sympy function. With `on` it lives on that region alone."""
        self._check_name(name)
        if on is not None and not hasattr(on, "contains"):
            place = f'space.unknown("{name}", on={words(on)})'
            raise ProblemError(f"{words(on)} is not a region", place, "on=Region(space, Interval(0, 1) ** 2)")
        u = Function(name, **({"complex": True} if complex else {"real": True}))(*self.coords)
        if on is not None:
            self.domains[u] = on
        return u

    def unknowns(
        self, names: str | Iterable[str], complex: bool = False, on: Region | None = None
    ) -> tuple[AppliedUndef, ...]:
        """Several unknowns at once: `u, v, p = space.unknowns("u v p")`."""
        return tuple(self.unknown(name, complex, on) for name in _names(names))

    def coefficient(self, name: str, of: Iterable[Symbol] | Symbol | None = None, **assumptions: bool) -> AppliedUndef:
        """A coefficient field a(x), bound in `Problem(coefficients={a: …})`; real unless `complex=True`.

        With `of` it depends on these coordinates alone: data have one axis for each, and what is learned is the same
        all along the others. Raises ProblemError for what is no coordinate of the space."""
        self._check_name(name)
        wanted = self.coords if of is None else (of,) if isinstance(of, Symbol) else tuple(of)
        strange = [x for x in wanted if x not in self.coords]
        if strange or not wanted:
            raise ProblemError(
                f"{name} cannot depend on {', '.join(map(words, strange)) or 'nothing'}",
                f'{self!r}.coefficient("{name}", of=…)',
                f"give some of the coordinates {', '.join(map(str, self.coords))}, or a number: space.parameter",
            )
        kind = assumptions if assumptions.get("complex") else {"real": True, **assumptions}
        return Function(name, **kind)(*(x for x in self.coords if x in wanted))

    def parameter(self, name: str, **assumptions: bool) -> Symbol:
        """A number whose value is bound in `Problem(coefficients={nu: …})`."""
        self._check_name(name)
        return Symbol(name, **{"real": True, **assumptions})

    def _check_name(self, name: str) -> None:
        if not isinstance(name, str) or not is_name(name):
            fix = "use letters, digits and _; not a digit first, and no word of Python's own (lam for lambda)"
            raise ProblemError(f"{name!r} is not a name", repr(self), fix)
        if name in {str(x) for x in self.coords}:
            raise ProblemError(f"'{name}' is already a coordinate", repr(self), "choose another name")

    # -- operators; all but dt are spatial

    def grad(self, f: Expr | MatrixBase) -> MatrixBase:
        """Gradient: a column of shape (d, 1); of a vector of length k, its Jacobian (k, d)."""
        if isinstance(f, MatrixBase):
            return ImmutableDenseMatrix([[_derivative(fi, x) for x in self.spatial] for fi in f])
        return ImmutableDenseMatrix([_derivative(f, x) for x in self.spatial])

    def div(self, flux: MatrixBase) -> Expr | MatrixBase:
        """Divergence of a vector of length d, in flux form (unevaluated); of a (d, d) tensor, row by row."""
        d = len(self.spatial)
        if isinstance(flux, (MatrixBase, list, tuple)):
            flux = Matrix(flux)
            if len(flux) == d:
                return sympy.Add(*[_derivative(f, x) for f, x in zip(flux, self.spatial, strict=True)])
            if flux.shape == (d, d):
                return ImmutableDenseMatrix([self.div(flux.row(i)) for i in range(d)])
        raise ProblemError(
            f"div of something of shape {getattr(flux, 'shape', '()')} in {d} dimensions",
            f"div({words(flux)})",
            f"give a vector of {d} components",
        )

    def laplace(self, f: Expr | MatrixBase) -> Expr | MatrixBase:
        """Laplacian of a field; of a vector, component by component."""
        if isinstance(f, MatrixBase):
            return f.applyfunc(self.laplace)
        return sympy.Add(*[_derivative(_derivative(f, x), x) for x in self.spatial])

    def curl(self, f: Expr | MatrixBase) -> Expr | MatrixBase:
        """Curl: vector → vector in 3-D; vector → scalar and scalar → vector in 2-D."""
        x = self.spatial
        if len(x) == 3 and isinstance(f, MatrixBase) and len(f) == 3:
            d = _derivative
            return ImmutableDenseMatrix(
                [d(f[2], x[1]) - d(f[1], x[2]), d(f[0], x[2]) - d(f[2], x[0]), d(f[1], x[0]) - d(f[0], x[1])]
            )
        if len(x) == 2 and isinstance(f, MatrixBase) and len(f) == 2:
            return _derivative(f[1], x[0]) - _derivative(f[0], x[1])
        if len(x) == 2 and not isinstance(f, MatrixBase):
            return ImmutableDenseMatrix([_derivative(f, x[1]), -_derivative(f, x[0])])
        raise ProblemError(
            f"there is no curl of this in {len(x)} dimensions",
            f"curl({words(f)})",
            "in 2-D give a scalar or 2, in 3-D 3 components",
        )

    def dn(self, f: Expr | MatrixBase) -> Expr | MatrixBase:
        """Derivative along the outward normal: normal · grad(f)."""
        if isinstance(f, MatrixBase):
            return f.applyfunc(self.dn)
        return sympy.Add(*[n * _derivative(f, x) for n, x in zip(self.normal, self.spatial, strict=True)])

    def dt(self, f: Expr | MatrixBase, order: int = 1) -> Expr | MatrixBase:
        """Derivative in time, of the given order."""
        if self.time is None:
            raise ProblemError(
                "a time derivative in a space without a time",
                f"dt({words(f)}) in {self!r}",
                'declare the time: Space("x", time="t")',
            )
        if not isinstance(order, int) or order < 1:
            raise ProblemError(
                f"there is no time derivative of order {words(order)}", f"dt({words(f)}, {words(order)})",
                "give a whole number from 1 on",
            )  # fmt: skip
        if isinstance(f, MatrixBase):
            return f.applyfunc(lambda fi: self.dt(fi, order))
        for _ in range(order):
            f = _derivative(f, self.time)
        return f


def _derivative(f: Expr, x: Symbol) -> Expr:
    """∂f/∂x, unevaluated where f has unknowns or coefficients, so that the flux form is kept."""
    if not isinstance(f, (Expr, int, float, complex)) or isinstance(f, (MatrixBase, bool)):
        raise ProblemError(
            f"there is no derivative of {words(f)}", f"the derivative by {x}", "give an expression, or a Matrix of them"
        )
    f = sympy.sympify(f)
    return Derivative(f, x) if f.has(AppliedUndef) else f.diff(x)
