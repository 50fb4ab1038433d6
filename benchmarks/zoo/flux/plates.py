"""Plates by meshes: brackets with bolt holes, wires in their insulation, lines and slits within."""

from __future__ import annotations

import numpy as np
from sympy import Eq

from inrpde.declaration import Mesh, MeshField, On, Space
from zoo.flux.making import Computed, computed, flux
from zoo.flux.meshes import drawn, round_polygon
from zoo.flux.weak import Weak, along, constant, elements_of, within

ELBOW = np.array([[0, 0], [3, 0], [3, 1], [1, 1], [1, 3], [0, 3]], float)
BOLTS = ((0.5, 2.5, 0.22), (2.5, 0.5, 0.25), (0.5, 0.5, 0.2), (1.5, 0.45, 0.15))


@flux(
    "bracket",
    {"one": ((20,), 0.09), "two": ((41, 41), 0.08), "three": ((30, 24, 37), 0.08), "four": ((36, 20, 41, 28), 0.07)},
)
def bracket(sides: tuple[int, ...], size: float) -> Computed:
    """An L-shaped plate that is heated, held at one hole, cooled at the next; heat leaves elsewhere."""
    holes = {f"bolt{k}": round_polygon(BOLTS[k][:2], BOLTS[k][2], n, 0.1 * k) for k, n in enumerate(sides)}
    mesh = drawn(ELBOW, size, holes, names={"foot": [1]})
    space = Space("x y")
    T, plate = space.unknown("T"), Mesh(space, mesh)
    groups = {name: plate.tagged(name) for name in holes}
    cooled = groups.pop("bolt1", plate.tagged("foot"))
    held = groups.pop("bolt0")
    conditions = [
        On(plate, Eq(-2 * space.laplace(T), 1)),
        On(held, Eq(T, 3)),
        On(cooled, Eq(2 * space.dn(T) + 4 * T, 2)),
        On(plate.boundary - held - cooled, Eq(2 * space.dn(T), -0.1)),
    ]
    on, off = along(mesh, "bolt0"), along(mesh, "bolt1" if "bolt1" in holes else "foot")
    rest = along(
        mesh, *(n for n in mesh.cell_sets if n not in ("rest", "bolt0", "bolt1" if "bolt1" in holes else "foot"))
    )
    weak = Weak(
        elements_of(mesh), a=constant(2), source=constant(1), fixed=[(on, constant(3))],
        through=[(off, 4.0, constant(2)), (rest, 0.0, constant(-0.1))],
        sharp=np.concatenate([ELBOW, *holes.values()]), levels=24,
    )  # fmt: skip
    return computed(T, conditions, weak)


@flux("wire", {"round": (16, 0.5), "fine": (24, 0.3), "heated": (20, 0.4, 0.8)})
def wire(sides: int, size: float, heated: float = 0.0) -> Computed:
    """Heat made in a wire (and in what is round it: then that conducts better) leaves through the outside: two fields
    that meet on a polygon."""
    triangle = round_polygon((0, 0), 3, 3)
    core = round_polygon((0, 0), 1.2, sides)
    mesh = drawn(triangle, size, inlays={"wire": core})
    inner, outer = (0.3, 5.0) if heated else (5.0, 0.3)
    space = Space("x y")
    whole = Mesh(space, mesh)
    metal, rubber = whole.tagged("wire"), whole.tagged("rest")
    T, S = space.unknown("T", on=metal), space.unknown("S", on=rubber)
    conditions = [
        On(metal, Eq(-inner * space.laplace(T), 2)),
        On(rubber, Eq(-outer * space.laplace(S), heated)),
        On(metal.boundary, Eq(T, S)),
        On(metal.boundary, Eq(inner * space.dn(T), outer * space.dn(S))),
        On(whole.tagged("outer"), Eq(outer * space.dn(S) + 1.5 * S, 0)),
    ]
    weak = Weak(
        elements_of(mesh), a=within(mesh, {"wire": inner, "rest": outer}),
        source=within(mesh, {"wire": 2, "rest": heated}), through=[(along(mesh, "outer"), 1.5, constant(0))],
        sharp=np.concatenate([triangle, core]), levels=12,
    )  # fmt: skip
    held = within(mesh, {"wire": 1, "rest": 0})

    def fields(points, values):
        metallic = held(points.T) > 0.5
        return {"T": np.where(metallic, values, np.nan), "S": np.where(metallic, np.nan, values)}

    return computed([T, S], conditions, weak, fields)


SQUARE = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])


@flux("line", {"slant": (((0.1, 0.1), (0.4, 0.4)),), "bent": (((-0.3, -0.2), (0.1, -0.2), (0.25, 0.2)),)})
def heater(line: tuple) -> Computed:
    """A plate with a heated line within, and cooled edges."""
    mesh = drawn(SQUARE, 0.08, lines={"heater": np.array(line)})
    space = Space("x y")
    u, plate = space.unknown("u"), Mesh(space, mesh)
    conditions = [
        On(plate, Eq(space.laplace(u), 0)),
        On(plate.tagged("heater"), Eq(u, 1)),
        On(plate.tagged("outer"), Eq(u, 0)),
    ]
    weak = Weak(
        elements_of(mesh), fixed=[(along(mesh, "outer"), constant(0)), (along(mesh, "heater"), constant(1))],
        sharp=np.concatenate([SQUARE, np.array(line)]), levels=32,
    )  # fmt: skip
    return computed(u, conditions, weak)


@flux("slit", {"inner": (((-0.2, -0.1), (0.2, 0.15)),)})
def slit(line: tuple) -> Computed:
    """A plate with a slit that no heat crosses, warm on one side and cold on the other."""
    mesh = drawn(SQUARE, 0.06, lines={"slit": np.array(line)}, names={"cold": [1], "warm": [3]}, slit="slit")
    space = Space("x y")
    u, plate = space.unknown("u"), Mesh(space, mesh)
    ends = [plate.tagged("cold"), plate.tagged("warm")]
    conditions = [
        On(plate, Eq(space.laplace(u), 0)),
        *[On(each, Eq(u, value)) for each, value in zip(ends, (0, 1), strict=True)],
        On(plate.boundary - ends[0] - ends[1], Eq(space.dn(u), 0)),
    ]
    weak = Weak(
        elements_of(mesh), fixed=[(along(mesh, "cold"), constant(0)), (along(mesh, "warm"), constant(1))],
        sharp=np.concatenate([SQUARE, np.array(line)]), levels=32,
    )  # fmt: skip
    return computed(u, conditions, weak)


@flux("slit", {"cold": ()})
def cut_disc() -> Computed:
    """A heated disc (40 sides), cut from its rim to its middle, at zero all round and on both sides of the cut."""
    rim, cut = round_polygon((0, 0), 1, 40), np.array([[1.0, 0.0], [0.0, 0.0]])
    mesh = drawn(rim, 0.12, lines={"cut": cut}, slit="cut")
    space = Space("x y")
    u, disc = space.unknown("u"), Mesh(space, mesh)
    conditions = [On(disc, Eq(-space.laplace(u), 1)), On(disc.boundary, Eq(u, 0))]
    weak = Weak(
        elements_of(mesh), source=constant(1), fixed=[(along(mesh, "outer", "cut"), constant(0))],
        sharp=np.concatenate([rim, cut]), levels=32,
    )  # fmt: skip
    return computed(u, conditions, weak)


@flux("materials", {"lens": (50.0,), "void": (0.02,)})
def painted(contrast: float) -> Computed:
    """A conductivity as numbers on the cells of a mesh."""
    inlay = np.array([[-0.3, -0.25], [0.2, -0.3], [0.35, 0.1], [0.0, 0.3], [-0.25, 0.2]])
    mesh = drawn(SQUARE, 0.07, inlays={"inlay": inlay}, names={"cold": [1], "warm": [3]})
    space = Space("x y")
    u, a, plate = space.unknown("u"), space.coefficient("a", positive=True), Mesh(space, mesh)
    number = np.concatenate(
        [np.full(len(b.data), contrast if len(chosen) else 1.0)
         for b, chosen in zip(mesh.cells, mesh.cell_sets["inlay"], strict=True) if b.type == "triangle"]
    )  # fmt: skip
    ends = [plate.tagged("cold"), plate.tagged("warm")]
    conditions = [
        On(plate, Eq(-space.div(a * space.grad(u)), 1)),
        *[On(each, Eq(u, value)) for each, value in zip(ends, (0, 1), strict=True)],
        On(plate.boundary - ends[0] - ends[1], Eq(space.dn(u), 0)),
    ]
    weak = Weak(
        elements_of(mesh), a=within(mesh, {"inlay": contrast, "rest": 1}), source=constant(1),
        fixed=[(along(mesh, "cold"), constant(0)), (along(mesh, "warm"), constant(1))],
        sharp=np.concatenate([SQUARE, inlay]), levels=32,
    )  # fmt: skip
    return computed(u, conditions, weak, coefficients={a: MeshField(plate, number, on="cells")})
