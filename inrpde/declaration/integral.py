"""The integral or mean of an expression over a region, as a sympy expression."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sympy import AtomicExpr, Basic, Expr, S, Symbol, Tuple, sympify
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from inrpde.declaration.words import words
from inrpde.errors import ProblemError

if TYPE_CHECKING:
    from inrpde.declaration.regions import Region


class RegionAtom(AtomicExpr):
    """A region inside an expression; equal only to itself."""

    is_commutative = True

    def __new__(cls, region: Region) -> RegionAtom:
        atom = super().__new__(cls)
        atom.region = region
        return atom

    def __getnewargs__(self) -> tuple:
        return (self.region,)

    def _hashable_content(self) -> tuple:
        return (id(self.region),)

    def _sympystr(self, printer: StrPrinter) -> str:
        return self.region.label


class RegionIntegral(Expr):
    """∫ f over a region in its own measure, or its mean (`mean`): a number, whatever the coordinates. With `over` it is
    taken over these coordinates of a box alone, at each value of the others."""

    is_commutative = True

    def __new__(
        cls, f: Expr, region: Region | RegionAtom, mean: bool | Basic = False, over: Iterable[Symbol] = ()
    ) -> RegionIntegral:
        atom = region if isinstance(region, RegionAtom) else RegionAtom(region)
        return super().__new__(cls, sympify(f), atom, sympify(bool(mean)), Tuple(*over))

    @property
    def integrand(self) -> Expr:
        return self.args[0]

    @property
    def region(self) -> Region:
        return self.args[1].region

    @property
    def mean(self) -> bool:
        return bool(self.args[2])

    @property
    def over(self) -> tuple[Symbol, ...]:
        return tuple(self.args[3])

    @property
    def free_symbols(self) -> set[Symbol]:
        """The integral binds the coordinates that it is over, the normal and the labels of its region."""
        space = self.region.space
        return self.integrand.free_symbols - {*(self.over or space.coords), *space.normal, *self.region.labels}

    def _eval_derivative(self, symbol: Symbol) -> Expr:
        if not self.over or symbol in self.over:
            return S.Zero
        return RegionIntegral(self.integrand.diff(symbol), self.args[1], self.mean, self.over)

    def _latex(self, printer: LatexPrinter) -> str:
        by = [printer._print(x) for x in self.over] or [r"\Omega"]
        sign = r"\frac{1}{|\Omega|} " if self.mean else ""
        ends = "".join(rf" \,d{x}" for x in by)
        return rf"{sign}\int_{{\Omega}} {printer._print(self.integrand)}{ends}"

    def _sympystr(self, printer: StrPrinter) -> str:
        over = f", over={printer._print(self.over[0] if len(self.over) == 1 else self.over)}" if self.over else ""
        return f"{self.args[1]}.{'mean' if self.mean else 'integral'}({printer._print(self.integrand)}{over})"


def check_whole(integral: RegionIntegral, place: str) -> None:
    """Raise ProblemError for one over some of the coordinates alone, which no condition can have."""
    if integral.over:
        x = integral.over[0]
        raise ProblemError(
            f"{words(integral)} is a function, and conditions can hold integrals that are numbers", place,
            f"make it an unknown I: Eq(I.diff({x}), {words(integral.integrand)}), and I = 0 where {x} begins",
        )  # fmt: skip
