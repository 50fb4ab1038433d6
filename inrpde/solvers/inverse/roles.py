"""What the unknowns and the equations of an inverse problem are to it."""

from __future__ import annotations

from dataclasses import dataclass

from inrpde.compiler.form import Form, Row


@dataclass(frozen=True)
class Roles:
    """`fields` and `learned` are numbers of unknowns. `readings` are what was measured, and may be noisy;
    `given` are linear equations of learned quantities alone that say what these are, on a boundary or at points;
    `penalties` are those that say in a volume how they vary. All `equations` else hold. Are the fields `linear` in
    them, the learned quantities given?"""

    fields: tuple[int, ...]
    learned: tuple[int, ...]
    readings: tuple[Row, ...]
    given: tuple[Row, ...]
    penalties: tuple[Row, ...]
    equations: tuple[Row, ...]
    linear: bool

    @classmethod
    def of(cls, form: Form) -> Roles:
        """Those of a form."""
        learned = tuple(k for k, unknown in enumerate(form.unknowns) if unknown.learned)
        fields = tuple(k for k in range(len(form.unknowns)) if k not in learned)
        rows: dict[str, list[Row]] = {"readings": [], "given": [], "penalties": [], "equations": []}
        for row in form.rows:
            rows[_role(form, row)].append(row)
        if not rows["readings"]:  # then integrals are what is measured
            rows["readings"] = [row for row in rows["equations"] if row.integrals and not row.jets]
            rows["equations"] = [row for row in rows["equations"] if row not in rows["readings"]]
        made = {name: tuple(each) for name, each in rows.items()}
        return cls(fields, learned, **made, linear=all(_linear(form, row) for row in form.rows))


def held(form: Form, row: Row) -> set[int]:
    """The unknowns that an equation holds, within integrals too."""
    found, integrals = set(row.indices), list(row.integrals.values())
    while integrals:
        inner = form.integrals[integrals.pop()].row
        found |= set(inner.indices)
        integrals += inner.integrals.values()
    return found


def _role(form: Form, row: Row) -> str:
    if row.linear and not row.region.labels and all(form.unknowns[k].learned for k in held(form, row)):
        return "penalties" if row.region.dim == form.space.dim and row.jets else "given"
    return "readings" if row.region.labels else "equations"


def _linear(form: Form, row: Row) -> bool:
    """Is an equation linear in the fields?"""
    mine = {symbol for symbol, jet in row.jets.items() if not form.unknowns[jet.unknown].learned}
    integrals = {s for s, k in row.integrals.items() if any(not form.unknowns[j].learned for j in _inner(form, k))}
    sought = mine | integrals
    bent = any(row.tangent[symbol].free_symbols & sought for symbol in sought if symbol in row.tangent)
    return not bent and all(_linear(form, form.integrals[k].row) for k in row.integrals.values())


def _inner(form: Form, number: int) -> set[int]:
    return held(form, form.integrals[number].row)
