"""Expressions in the user's own words: u rather than u(x, y), u_xx rather than Derivative(u(x, y), (x, 2))."""

from __future__ import annotations

from sympy import Basic, Derivative, Dummy, Function, Integer, MatrixBase, Rational, Symbol
from sympy.core.function import AppliedUndef
from sympy.printing.str import StrPrinter

LONG = 10**100
"""Whole numbers from here on are told by their size: Python prints none of very many digits."""


class _Words(StrPrinter):
    def _print_AppliedUndef(self, f: AppliedUndef) -> str:
        return f.func.__name__

    def _print_Function(self, f: Function) -> str:
        return f.func.__name__ if f.func.__class__.__name__ == "UndefinedFunction" else super()._print_Function(f)

    def _print_Derivative(self, d: Derivative) -> str:
        inner = self._print(d.expr)
        index = "".join(str(x) * int(n) for x, n in d.variable_count if n.is_Integer)
        return f"{inner}_{index}" if inner.isidentifier() else f"({inner})_{index}"

    def _print_Matrix(self, m: MatrixBase) -> str:
        rows = [f"[{', '.join(map(self._print, m.row(i)))}]" for i in range(m.rows)]
        return f"Matrix([{', '.join(row[1:-1] if m.cols == 1 else row for row in rows)}])"

    _print_MutableDenseMatrix = _print_ImmutableDenseMatrix = _print_Matrix

    def _print_Dummy(self, s: Dummy) -> str:
        return s.name


def words(thing: object, limit: int | None = 100) -> str:
    """A short text of a sympy object; longer than `limit` characters it is cut in the middle."""
    thing = Integer(thing) if isinstance(thing, int) and abs(thing) >= LONG else thing
    if isinstance(thing, (Basic, MatrixBase)):
        long = [number for number in thing.atoms(Rational) if max(abs(number.p), number.q) >= LONG]
        thing = thing.xreplace({number: Symbol(str(number.evalf(3))) for number in long}) if long else thing
    known = isinstance(thing, (Basic, list, tuple)) or hasattr(thing, "applyfunc")
    text = _Words().doprint(thing) if known else str(thing)
    if limit and len(text) > limit:
        text = f"{text[: limit - 20]} … {text[-17:]}"
    return text
