"""Several materials under one unknown: blocks, discs, ellipses, layers, data that jump between the nodes of a grid."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from skfem import MeshTri
from sympy import (
    Abs,
    Eq,
    Expr,
    Float,
    Interval,
    Piecewise,
    Rational,
    cos,
    cosh,
    exp,
    linsolve,
    log,
    pi,
    sinh,
    sqrt,
    symbols,
)  # fmt: skip

from inrpde.declaration import Ball, GridField, On, Region, Space
from zoo.flux.crossings import Blocks
from zoo.flux.making import Computed, computed, flux
from zoo.flux.weak import Weak, constant
from zoo.making import UNIT
from zoo.traps.known import Known, closed


def _sides(space: Space, omega: Region, a: Expr, u: Expr, heated: bool) -> list[On]:
    """From left to right, or heated and cold all round."""
    x = space.coords[0]
    inside = On(omega, Eq(-space.div(a * space.grad(u)), 1 if heated else 0))
    if heated:
        return [inside, On(omega.boundary, Eq(u, 0))]
    ends = [omega.face(x, at) for at in (0, 1)]
    return [
        inside,
        *[On(end, Eq(u, value)) for end, value in zip(ends, (0, 1), strict=True)],
        On(omega.boundary - ends[0] - ends[1], Eq(space.dn(u), 0)),
    ]


def tiled(a: np.ndarray, heated: bool, edges: np.ndarray, parts: int, levels: int) -> Weak:
    """a[i, j] between edges[i], edges[i + 1] and edges[j], edges[j + 1]."""
    line = np.unique(np.concatenate([np.linspace(*ends, parts + 1) for ends in pairwise(edges)]))

    def conducted(x):
        i, j = (np.searchsorted(edges, each) - 1 for each in x)
        return a[i, j]

    def ends(x):
        return (np.abs(x - 0.5) > 0.5 - 1e-9).any(axis=0) if heated else np.abs(x[0] - 0.5) > 0.5 - 1e-9

    fixed = [(ends, constant(0) if heated else lambda x: x[0])]
    crossings = [(p, q) for p in edges for q in edges]
    return Weak(
        MeshTri.init_tensor(line, line), conducted, source=constant(heated), fixed=fixed, sharp=crossings, levels=levels
    )


@flux(
    "blocks",
    {
        "tame": (5, 8, False), "warm": (5, 12, True), "mixed": (5, 1, False), "four": (4, 5, True),
        "three": (3, 11, False), "nine": (3, 5, True),
        "touching": (5, 0, False), "touching_warm": (5, 3, True), "touching_four": (4, 6, False),
    },
)  # fmt: skip
def blocks(n: int, seed: int, heated: bool) -> Computed:
    """n by n blocks whose conductivities lie between 0.01 and 1,000; where good ones touch at a point the solution is
    r^0.02 to r^0.1 there."""
    numbers = 10 ** np.random.default_rng(seed).uniform(-2, 3, (n, n)).round(2)
    a = np.array([[float(f"{number:.6g}") for number in row] for row in numbers])
    space = Space("x y")
    x, y = space.coords
    u, k, omega = space.unknown("u"), space.coefficient("k", positive=True), Region(space, UNIT**2)
    pieces = [(Float(a[i, j]), (x < Rational(i + 1, n)) & (y < Rational(j + 1, n))) for i in range(n) for j in range(n)]
    data = Piecewise(*pieces[:-1], (pieces[-1][0], True))
    weak = Blocks(a, float(heated), heated)
    return computed(u, _sides(space, omega, k, u, heated), weak, coefficients={k: data})


@flux("materials", {"nearest": (3, False), "coarse": (5, True)})
def pixels(n: int, heated: bool) -> Computed:
    """A grid of n by n numbers, each good for what lies nearest."""
    values = np.random.default_rng(n).choice([1.0, 4.0, 30.0], (n, n))
    space = Space("x y")
    u, k, omega = space.unknown("u"), space.coefficient("k", positive=True), Region(space, UNIT**2)
    nodes = np.linspace(0, 1, n)
    edges = np.concatenate([[0], (nodes[1:] + nodes[:-1]) / 2, [1]])
    weak = tiled(values, heated, edges, 6, 40)
    data = GridField(values, [nodes, nodes], method="nearest")
    return computed(u, _sides(space, omega, k, u, heated), weak, coefficients={k: data})


@flux("materials", {"stiff": (100,), "hollow": (Rational(1, 1000),)})
def inclusion(contrast) -> Known:
    """A disc of another conductivity in a square, in a field along x."""
    space = Space("x y")
    x, y = space.coords
    u, a, omega = space.unknown("u"), space.coefficient("a", positive=True), Region(space, UNIT**2)
    s, t, r2 = x - Rational(2, 5), y - Rational(11, 20), Rational(1, 16)
    q = s**2 + t**2
    inside, outside = 2 * s / (1 + contrast), s * (1 + (1 - contrast) / (1 + contrast) * r2 / q)
    conditions = [On(omega, Eq(space.div(a * space.grad(u)), 0)), On(omega.boundary, Eq(u, outside))]
    data = Piecewise((contrast, q < r2), (1, True))
    return closed(
        u, conditions, {u: Piecewise((inside, q < r2), (outside, True))}, accuracy=1e-14, coefficients={a: data}
    )


@flux("materials", {"two": (30, Rational(1, 20)), "alike": (100, 100)})
def discs(one, other) -> Known:
    """Two discs: a u is smooth and vanishes on both circles."""
    space = Space("x y")
    x, y = space.coords
    u, a, omega = space.unknown("u"), space.coefficient("a", positive=True), Region(space, Interval(-1, 1) ** 2)
    first = (x + Rational(2, 5)) ** 2 + (y + Rational(1, 5)) ** 2 - Rational(4, 25)
    second = (x - Rational(2, 5)) ** 2 + (y - Rational(3, 10)) ** 2 - Rational(9, 100)
    data = Piecewise((one, first < 0), (other, second < 0), (1, True))
    smooth = first * second * exp(x / 2) * cos(y)
    solution = Piecewise((smooth / one, first < 0), (smooth / other, second < 0), (smooth, True))
    conditions = [
        On(omega, Eq(-space.div(a * space.grad(u)), -space.laplace(smooth).doit())),
        On(omega.boundary, Eq(u, smooth)),
    ]
    return closed(u, conditions, {u: solution}, coefficients={a: data})


@flux("materials", {"stiff": (100,), "hollow": (Rational(1, 50),)})
def ellipse(contrast) -> Known:
    """An ellipse in a field along x: the field within is uniform; outside, Joukowski's map."""
    space = Space("x y")
    x, y = space.coords
    u, a, omega = space.unknown("u"), space.coefficient("a", positive=True), Region(space, Interval(-1, 1) ** 2)
    long, short = Rational(3, 5), Rational(3, 10)
    focus2 = long**2 - short**2
    # sqrt(z² - c²) = z m with m² = 1 - c²/z², Re m > 0
    r4 = (x**2 + y**2) ** 2
    real, imaginary = 1 - focus2 * (x**2 - y**2) / r4, 2 * focus2 * x * y / r4
    m = sqrt((sqrt(real**2 + imaginary**2) + real) / 2)
    decaying = x - x * m + y * imaginary / (2 * m)
    share = 1 / (1 + (contrast - 1) * short / (long + short))
    outside = x + (share - 1) * long / (long - sqrt(long**2 - focus2)) * decaying
    disc = (x / long) ** 2 + (y / short) ** 2 < 1
    conditions = [On(omega, Eq(space.div(a * space.grad(u)), 0)), On(omega.boundary, Eq(u, outside))]
    data = Piecewise((contrast, disc), (1, True))
    return closed(u, conditions, {u: Piecewise((share * x, disc), (outside, True))}, coefficients={a: data})


@flux(
    "materials",
    {
        "chip": ((3.9, 11.7, 1.0), (0.3, 0.6)), "steep": ((1.0, 1e4, 1e-2), (0.25, 0.8)),
        "film": ((1.0, 1e-3, 1.0), (0.5, 0.51)), "stack": ((1.0, 50.0, 2.0, 0.1, 7.0), (0.1, 0.35, 0.6, 0.9)),
    },
)  # fmt: skip
def layers(a: tuple[float, ...], at: tuple[float, ...]) -> Known:
    """Layers from bottom to top, insulated at the sides, and 2 + cos 2πx on top."""
    space = Space("x y")
    x, y = space.coords
    u, k, omega = space.unknown("u"), space.coefficient("k", positive=True), Region(space, UNIT**2)
    heights = [Rational(str(each)) for each in (0, *at, 1)]
    wave, c = 2 * pi, symbols(f"c0:{4 * len(a)}")
    parts = [
        (c[4 * i] + c[4 * i + 1] * (y - heights[i]),
         c[4 * i + 2] * cosh(wave * (y - heights[i])) + c[4 * i + 3] * sinh(wave * (y - heights[i])))
        for i in range(len(a))
    ]  # fmt: skip
    equations = []
    for kind, (bottom, top) in enumerate(((0, 2), (0, 1))):
        equations += [parts[0][kind].subs(y, 0) - bottom, parts[-1][kind].subs(y, 1) - top]
        for i, height in enumerate(heights[1:-1]):
            low, high = parts[i][kind], parts[i + 1][kind]
            equations.append((low - high).subs(y, height))
            equations.append((a[i] * low.diff(y) - a[i + 1] * high.diff(y)).subs(y, height))
    (found,) = linsolve([each.evalf(40) for each in equations], c)
    known = dict(zip(c, found, strict=True))
    solutions = [(plain + cos(wave * x) * waved).subs(known) for plain, waved in parts]
    limits = [y < height for height in heights[1:-1]]
    bottom, top = omega.face(y, 0), omega.face(y, 1)
    conditions = [
        On(omega, Eq(space.div(k * space.grad(u)), 0)),
        On(bottom, Eq(u, 0)),
        On(top, Eq(u, 2 + cos(2 * pi * x))),
        On(omega.boundary - bottom - top, Eq(space.dn(u), 0)),
    ]
    solution = Piecewise(*zip(solutions, limits, strict=False), (solutions[-1], True))
    data = Piecewise(*zip(map(Float, a), limits, strict=False), (Float(a[-1]), True))
    return closed(u, conditions, {u: solution}, coefficients={k: data})


@flux("materials", {"sleeve": (100,)})
def pipe(contrast: int) -> Known:
    """A pipe in its insulation, the same data written by a distance."""
    space = Space("x y")
    x, y = space.coords
    T, k = space.unknown("T"), space.coefficient("k", positive=True)
    cut = Ball(space, (0, 0), 2) - Ball(space, (0, 0), Rational(1, 2))
    r = sqrt(x**2 + y**2)
    inner, between = -log(2 * r) / contrast, -log(Rational(12, 5)) / contrast
    outer = between - log(5 * r / 6)
    solution = Piecewise((inner, r < Rational(6, 5)), (outer, True))
    conditions = [On(cut, Eq(space.div(k * space.grad(T)), 0)), On(cut.boundary, Eq(T, solution))]
    return closed(T, conditions, {T: solution}, coefficients={k: Piecewise((contrast, r < Rational(6, 5)), (1, True))})


@flux("materials", {"band": ()})
def band() -> Known:
    """A band |x - y| < 1/4 of another material: u is a function of x - y."""
    space = Space("x y")
    x, y = space.coords
    u, a, omega = space.unknown("u"), space.coefficient("a", positive=True), Region(space, UNIT**2)
    z, half = x - y, Rational(1, 4)
    inside = Abs(z) < half
    solution = Piecewise((z / 20, inside), (z - Rational(19, 80), z > 0), (z + Rational(19, 80), True))
    conditions = [On(omega, Eq(space.div(a * space.grad(u)), 0)), On(omega.boundary, Eq(u, solution))]
    return closed(u, conditions, {u: solution}, coefficients={a: Piecewise((20, inside), (1, True))})
