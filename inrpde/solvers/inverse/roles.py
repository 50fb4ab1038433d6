"""What the unknowns and the equations of an inverse problem are to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Dummy, Expr, I, expand

from inrpde.compiler.form import Form, Jet, Row, parted
from inrpde.networks.offset import bare
from inrpde.networks.trial import Trial
from inrpde.sampling.sites import Samples


@dataclass(frozen=True)
class Roles:
    """`fields` and `learned` are numbers of unknowns. `readings` are what was measured, and may be noisy;
    `given` are linear equations of learned quantities alone that say what these are, on a boundary or at points;
    `penalties` are those that say in a volume how they vary. All `equations` else hold. Are the fields `linear` in
    them, the learned quantities given? So many are `coupled` by them at most."""

    fields: tuple[int, ...]
    learned: tuple[int, ...]
    readings: tuple[Row, ...]
    given: tuple[Row, ...]
    penalties: tuple[Row, ...]
    equations: tuple[Row, ...]
    linear: bool
    coupled: int

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
        links = [held(form, row) & set(fields) for row in (*made["readings"], *made["equations"])]
        coupled = max(map(len, parted(len(form.unknowns), links)))
        return cls(fields, learned, **made, linear=all(_linear(form, row) for row in form.rows), coupled=coupled)


@dataclass(frozen=True)
class Coupled:
    """Fields that equations couple, by number, and the rows that hold them; `folded` where the fields are the parts of
    one complex unknown in equations that are complex-differentiable in it."""

    fields: tuple[int, ...]
    rows: tuple[Row, ...]
    folded: bool


def families(
    form: Form, roles: Roles, samples: Samples, trials: Sequence[Trial]
) -> tuple[tuple[Coupled, ...], ...]:  # fmt: skip
    """The fields in groups that nothing couples but what is learned; in one family those whose equations differ in
    what is given alone, as of waves from several sources: their columns are the same on these samples."""
    bodies = [tuple(id(piece) for piece in bare(trial).pieces) for trial in trials]
    rows = [row for row in form.rows if row in roles.equations or row in roles.readings]
    fields = {row: held(form, row) & set(roles.fields) for row in rows}
    found: dict[object, list[Coupled]] = {}
    known: dict[object, Dummy] = {}
    for group in parted(len(form.unknowns), fields.values()):
        mine = tuple(row for row in rows if fields[row] & set(group))
        if not mine:
            continue
        tangents = [_tangent(form, samples, row, group, known) for row in mine]
        plain = roles.linear and not any(row.integrals or form.conditions[row.condition].norm == 1 for row in mine)
        mates = len({form.unknowns[k].declared for k in group}) == 1 and len({bodies[k] for k in group}) == 1
        folded = plain and mates and len(group) == 2 and all(_differentiable(tangent) for _, tangent in tangents)
        alike = tuple(bodies[k] for k in group), tuple((place, frozenset(t.items())) for place, t in tangents)
        key = alike if plain else group[0]
        found.setdefault(key, []).append(Coupled(tuple(group), mine, folded))
    return tuple(map(tuple, found.values()))


def _tangent(
    form: Form, samples: Samples, row: Row, group: list[int], known: dict[object, Dummy]
) -> tuple[object, dict[Jet, Expr]]:  # fmt: skip
    """Where an equation holds and with what weight, and its slopes by the jets of a group's fields, which are numbered
    by their place in it; in symbols that are the same in all equations."""
    site = samples.of(row)
    place = (site.points.shape, site.points.tobytes(), form.conditions[row.condition].weight)
    others = {s: known.setdefault(each, Dummy()) for s, each in (*row.jets.items(), *row.data.items())}
    slopes = {
        Jet(group.index(jet.unknown), jet.index, jet.site): row.tangent[s].xreplace(others)
        for s, jet in row.jets.items()
        if jet.unknown in group and s in row.tangent
    }
    labelled = any(slope.free_symbols & set(site.labels) for slope in slopes.values())
    return (*place, row if labelled else None), slopes


def _differentiable(tangent: dict[Jet, Expr]) -> bool:
    """Are the slopes by the second of two parts those by the first times i, in an equation that has both?"""
    first, second = ({(j.index, j.site): t for j, t in tangent.items() if j.unknown == k} for k in (0, 1))
    return first.keys() == second.keys() and all(expand(second[key] - I * first[key]) == 0 for key in first)


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
