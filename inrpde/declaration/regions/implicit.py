"""Regions by a relation: `Implicit(space, x**2 + y**2 < 1, within=box)`."""

from __future__ import annotations

from functools import reduce

from sympy import Abs, And, Expr, Ge, Gt, Le, Lt, Max, Min, Or, Set, to_nnf
from sympy.logic.boolalg import Boolean, BooleanAtom

from inrpde.declaration.regions.chart import Array, Piece
from inrpde.declaration.regions.combine import Combined
from inrpde.declaration.regions.level import Level
from inrpde.declaration.regions.region import Region, Solid
from inrpde.declaration.regions.relation import as_relation, compile_relation
from inrpde.declaration.regions.sets import region_of_set
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError


class Implicit(Solid):
    """The points of a bounded region at which a relation holds: inequalities g < h joined by And and Or.

    `within` is a region or a sympy set; where it cuts the relation's set, its boundary is boundary. Features smaller
    than about 1/256 (1/56 in 3-D) of its size may be missed. Raises ProblemError for an equation and for a relation
    that sympy has decided.
    """

    def __init__(self, space: Space, relation: Boolean, within: Region | Set):
        self.within = within if isinstance(within, Region) else region_of_set(space, within)
        super().__init__(space, self.within.coords, (self.within,))
        place = f"Implicit(space, {relation}, within={self.within.label})"
        self.relation = as_relation(relation, place)
        if isinstance(self.relation, BooleanAtom):
            raise ProblemError(
                f"{relation} is not a relation that can hold or fail", place, "write x**2 + y**2 < 1, And(…), Or(…)"
            )
        if not isinstance(self.within, Solid):
            raise ProblemError("`within` has no volume", place, "give a box: within=Interval(-1, 1)**2")
        tree = compile_relation(self.relation, self.coords, place).tree
        self._levels: dict[Expr, Level] = {}
        self.tree = _both(self.within, self._solid(to_nnf(tree, simplify=False), place))

    def _solid(self, node: Boolean, place: str) -> Solid:
        if isinstance(node, (And, Or)):
            operation = _both if isinstance(node, And) else _either
            return reduce(operation, (self._solid(arg, place) for arg in node.args))
        if isinstance(node, (Le, Lt)):
            return self._level(node.lhs - node.rhs)
        if isinstance(node, (Ge, Gt)):
            return self._level(node.rhs - node.lhs)
        raise ProblemError(
            f"{node} does not bound a region", place, "a region is bounded by inequalities: <, <=, >, >="
        )

    def _level(self, gap: Expr) -> Solid:
        """g ≤ 0; a kink of g (Abs, Max, Min) becomes a division of the region, so that corners are corners."""
        kinks = gap.atoms(Abs, Max, Min)
        if not kinks:
            if gap not in self._levels:
                self._levels[gap] = Level(self.space, gap, *self.within.bounds)
            return self._levels[gap]
        kink = min(kinks, key=lambda node: (node.count_ops(), str(node)))
        first, rest = (
            (kink.args[0], -kink.args[0]) if isinstance(kink, Abs) else (kink.args[0], kink.func(*kink.args[1:]))
        )
        ahead = first - rest if isinstance(kink, Min) else rest - first
        one, other = self._level(gap.xreplace({kink: first})), self._level(gap.xreplace({kink: rest}))
        return _either(_both(self._level(ahead), one), _both(self._level(-ahead), other))

    @property
    def bounds(self) -> tuple[Array, Array]:
        return self.within.bounds

    @property
    def label(self) -> str:
        return f"{self.relation} within {self.within.label}"

    def _phrase(self, parents: tuple[str, ...]) -> str:
        return f"Implicit(space, {self.relation}, within={parents[0]})"

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return self.tree.pieces

    @property
    def primitives(self) -> tuple[Solid, ...]:
        return self.tree.primitives

    def side(self, points: Array, tol: float) -> Array:
        return self.tree.side(points, tol)


def _both(one: Solid, other: Solid) -> Solid:
    return Combined("&", one, other)


def _either(one: Solid, other: Solid) -> Solid:
    return Combined("|", one, other)
