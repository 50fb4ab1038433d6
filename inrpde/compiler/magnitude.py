"""|e| of real expressions of slopes: sympy does not know that derivatives of real functions are real, and makes real
and imaginary parts of it when it differentiates. |∇u|^(p-2) ∇u would have no tangent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Abs, Basic, Derivative, Dummy, Expr, Function, Integer, Mul, im, re, sign
from sympy.core.function import AppliedUndef


class Magnitude(Function):
    """The size of a real number."""

    is_real = True
    numpy = "numpy.abs"

    @classmethod
    def eval(cls, number: Expr) -> Expr | None:
        return Abs(number) if number.is_number else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return Side(self.args[0])

    def _eval_power(self, exponent: Expr) -> Expr | None:
        return self.args[0] ** exponent if exponent.is_Integer and exponent.is_even else None

    def _sympystr(self, printer: Any) -> str:
        return str(printer._print(Abs(self.args[0])))

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return str(printer._print(Abs(self.args[0]) if exp is None else Abs(self.args[0]) ** exp))

    def _numpycode(self, printer: Any) -> str:
        return f"{printer._module_format(self.numpy)}({printer._print(self.args[0])})"


class Side(Magnitude):
    """Its sign, 0 where it vanishes. It changes nowhere else, and what multiplies the change there vanishes."""

    numpy = "numpy.sign"

    @classmethod
    def eval(cls, number: Expr) -> Expr | None:
        return sign(number) if number.is_number else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return Integer(0)

    def _eval_power(self, exponent: Expr) -> Expr | None:
        return None

    def _sympystr(self, printer: Any) -> str:
        return str(printer._print(sign(self.args[0])))

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return str(printer._print(sign(self.args[0]) if exp is None else sign(self.args[0]) ** exp))


def magnitudes(expr: Expr) -> Expr:
    """With those of real expressions of slopes in place of sympy's, and of what it made of them where they had been
    differentiated: re(e), im(e), and e sign(e)."""

    def of(kind: type) -> Callable[[Basic], bool]:
        return lambda node: isinstance(node, kind) and isinstance(node, Expr) and _of_slopes(node.args[0])

    real = expr.replace(of(re), lambda node: node.args[0]).replace(of(im), lambda _: Integer(0))
    real = real.replace(lambda node: isinstance(node, Mul) and any(map(of(sign), node.args)), _sided)
    return real.replace(of(Abs), lambda node: Magnitude(node.args[0]))


def plain(expr: Expr) -> Expr:
    """With sympy's again, where what stands for slopes is known to be real."""
    return expr.replace(Side, lambda number: sign(number)).replace(Magnitude, lambda number: Abs(number))


def _sided(product: Expr) -> Expr:
    factors = list(product.args)
    for each in product.args:
        if isinstance(each, sign) and each.args[0] in factors:
            factors.remove(each)
            factors[factors.index(each.args[0])] = Magnitude(each.args[0])
    return Mul(*factors)


def _of_slopes(expr: Expr) -> bool:
    slopes = {node: Dummy(real=True) for node in expr.atoms(Derivative) if node.expr.is_real and node.has(AppliedUndef)}
    return bool(slopes) and bool(expr.xreplace(slopes).is_real)
