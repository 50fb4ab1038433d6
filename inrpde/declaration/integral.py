"""The integral or mean of an expression over a region, as a sympy expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import AtomicExpr, Basic, Expr, S, Symbol, sympify
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

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
    """∫ f over a region in its own measure, or its mean (`mean`): a number, whatever the coordinates."""

    is_commutative = True

    def __new__(cls, f: Expr, region: Region | RegionAtom, mean: bool | Basic = False) -> RegionIntegral:
        atom = region if isinstance(region, RegionAtom) else RegionAtom(region)
        return super().__new__(cls, sympify(f), atom, sympify(bool(mean)))

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
    def free_symbols(self) -> set[Symbol]:
        """The integral binds the coordinates, the normal and the labels of its region."""
        space = self.region.space
        return self.integrand.free_symbols - {*space.coords, *space.normal, *self.region.labels}

    def _eval_derivative(self, symbol: Symbol) -> Expr:
        return S.Zero

    def _latex(self, printer: LatexPrinter) -> str:
        sign = r"\frac{1}{|\Omega|} " if self.mean else ""
        return rf"{sign}\int_{{\Omega}} {printer._print(self.integrand)} \,d\Omega"

    def _sympystr(self, printer: StrPrinter) -> str:
        return f"{self.args[1]}.{'mean' if self.mean else 'integral'}({printer._print(self.integrand)})"
