"""pyRFM's side: rows by hand from its features and their derivatives, sizes as in its examples.

Burgers' equation has its example's ten blocks of time with 800 features each (4 × 200): the 4,000 of the example are
meant for a GPU, and take more than five minutes here.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import pi

import numpy as np
import pyrfm
import torch
from pyrfm import concat_blocks
from torch import Tensor

Array = np.ndarray
Answer = Callable[[Tensor], Tensor]


def rows(blocks: pyrfm.Tensor) -> Tensor:
    """The columns of all subdomains beside one another."""
    return blocks.cat(dim=1)


def laplacian(model: pyrfm.RFMBase, points: Tensor) -> Tensor:
    return sum(rows(model.features_second_derivative(points, axis1=k, axis2=k)) for k in (0, 1))


def waves(z: Tensor, k: int, order: int = 0) -> Tensor:
    """The mixed frequencies of the Poisson problem, or their second derivative."""
    slow, fast = (-((k * pi) ** 2), -((2 * k * pi) ** 2)) if order == 2 else (1, 1)
    return 1.5 * slow * torch.cos(k * pi * z + 2 * pi / 5) + 2 * fast * torch.cos(2 * k * pi * z - pi / 5)


def mixed(subdomains: int = 3, features: int = 300, inside: int = 3600) -> Answer:
    square = pyrfm.Square2D([0.5, 0.5], [0.5, 0.5])
    model = pyrfm.RFMBase(dim=2, n_hidden=features, domain=square, n_subdomains=subdomains, pou=pyrfm.PsiB)
    interior, walls = square.in_sample(inside, with_boundary=False), square.on_sample(inside // 5)
    x, y = interior.split(1, dim=1)
    source = sum(waves(x, k, 2) * waves(y, k) + waves(x, k) * waves(y, k, 2) for k in (1, 2)) / 2
    given = -sum(waves(walls[:, :1], k) * waves(walls[:, 1:], k) for k in (1, 2)) / 2
    matrix = concat_blocks([[-laplacian(model, interior)], [rows(model.features(walls))]])
    model.compute(matrix).solve(concat_blocks([[source], [given]]))
    return model


def flow(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The velocities of the Stokes problem."""
    return (
        x + x**2 - 2 * x * y + x**3 - 3 * x * y**2 + x**2 * y,
        -y - 2 * x * y + y**2 - 3 * x**2 * y + y**3 - x * y**2,
    )


def stokes(features: int = 400, inside: int = 800) -> Answer:
    region = pyrfm.Square2D(center=(0.5, 0.5), half=(0.5, 0.5))
    for centre in ((0.5, 0.2), (0.2, 0.8), (0.8, 0.8)):
        region = region - pyrfm.Circle2D(center=centre, radius=0.1)
    model = pyrfm.RFMBase(dim=2, n_hidden=features, domain=region, n_subdomains=1)
    interior, walls, corner = region.in_sample(inside, with_boundary=False), region.on_sample(400), torch.zeros(1, 2)
    lap = laplacian(model, interior)
    by_x, by_y = (rows(model.features_derivative(interior, axis=k)) for k in (0, 1))
    on, there = rows(model.features(walls)), rows(model.features(corner))
    none, off, away = map(torch.zeros_like, (lap, on, there))
    matrix = concat_blocks([
        [-lap, none, by_x],
        [none, -lap, by_y],
        [by_x, by_y, none],
        [on, off, off],
        [off, on, off],
        [away, away, there],
    ])  # fmt: skip
    x, y = interior.split(1, dim=1)
    forces = 3 * x**2 * y**2 - y - 1, 2 * x**3 * y + 3 * x - 1
    right = torch.cat([*forces, torch.zeros_like(x), *flow(*walls.split(1, dim=1)), torch.tensor([[-4 / 3]])])
    model.compute(matrix).solve(right)
    return model


def marched(
    line: pyrfm.Line1D, end: float, blocks: int, subdomains: tuple[int, int], features: int,
    start: Answer, block: Callable[[pyrfm.STRFMBase, Tensor, Tensor, Tensor, Tensor], None], each: int = 20,
) -> Answer:  # fmt: skip
    """Blocks of time, each begun from the end of the last: `block` finds the weights of a model from the points at its
    start, inside and at the walls, and the values at its start. `each` points along each coordinate of a subdomain."""
    across, along = subdomains
    edges = torch.linspace(0, end, blocks + 1)
    inside, walls = line.in_sample(each * across, with_boundary=False), line.on_sample(2)
    models: list[pyrfm.STRFMBase] = []
    for first, last in pairwise(edges):
        model = pyrfm.STRFMBase(
            dim=1, n_hidden=features, domain=line, time_interval=[first, last], n_spatial_subdomains=across,
            n_temporal_subdomains=along, st_type="STC",
        )  # fmt: skip
        times = torch.linspace(first, last, each * along + 1)[1:, None]
        begin = model.validate_and_prepare_xt(x=torch.cat([inside, walls]), t=first.reshape(1, 1))
        body, sides = (model.validate_and_prepare_xt(x=x, t=times) for x in (inside, walls))
        block(model, begin, body, sides, models[-1].forward(xt=begin) if models else start(begin))
        models.append(model)

    def answer(points: Tensor) -> Tensor:
        which = torch.bucketize(points[:, 1].contiguous(), edges[1:-1])
        out = torch.empty(len(points), 1)
        for k, model in enumerate(models):
            out[which == k] = model.forward(xt=points[which == k])
        return out

    return answer


def rod() -> Answer:
    def block(model: pyrfm.STRFMBase, begin: Tensor, body: Tensor, sides: Tensor, values: Tensor) -> None:
        bend = rows(model.features_second_derivative(xt=body, axis1=0, axis2=0))
        rate = rows(model.features_derivative(xt=body, axis=1))
        matrix = concat_blocks([
            [rows(model.features(xt=begin))],
            [rows(model.features(xt=sides))],
            [rate - 4 / pi**2 * bend],
        ])  # fmt: skip
        model.compute(matrix).solve(torch.cat([values, torch.zeros(len(sides) + len(body), 1)]))

    def start(points: Tensor) -> Tensor:
        return 2 * torch.sin(pi / 2 * points[:, :1])

    return marched(pyrfm.Line1D(x1=0.0, x2=12.0), 10.0, 5, (2, 1), 400, start, block)


def burgers(nu: float = 0.01, tol: float = 1e-6) -> Answer:
    def block(model: pyrfm.STRFMBase, begin: Tensor, body: Tensor, sides: Tensor, values: Tensor) -> None:
        level, rate = rows(model.features(xt=body)), rows(model.features_derivative(xt=body, axis=1))
        slope = rows(model.features_derivative(xt=body, axis=0))
        bend = rows(model.features_second_derivative(xt=body, axis1=0, axis2=0))
        on, at_start = rows(model.features(xt=sides)), rows(model.features(xt=begin))

        def left(w: Tensor) -> Tensor:
            return torch.cat([rate @ w + (level @ w) * (slope @ w) - nu * (bend @ w), on @ w, at_start @ w - values])

        def linearised(w: Tensor) -> Tensor:
            return torch.cat([rate + (level @ w) * slope + (slope @ w) * level - nu * bend, on, at_start])

        model.W, _ = pyrfm.nonlinear_least_square(
            fcn=left, jac=linearised, x0=torch.zeros(level.shape[1], 1), method="newton", ftol=tol, gtol=tol, xtol=tol,
        )  # fmt: skip

    def start(points: Tensor) -> Tensor:
        return -torch.sin(pi * points[:, :1])

    return marched(pyrfm.Line1D(x1=-1.0, x2=1.0), 1.0, 10, (4, 1), 200, start, block)


SOLVES: dict[str, Callable[[], Answer]] = {"mixed": mixed, "stokes": stokes, "rod": rod, "burgers": burgers}
NAMES = tuple(SOLVES)


def solve(name: str, seed: int) -> Callable[[Array], Array]:
    """The answer at points (N, d): (N, unknowns)."""
    torch.manual_seed(seed)
    found = SOLVES[name]()
    return lambda points: found(torch.as_tensor(points)).numpy()


def warm() -> None:
    """What is loaded late is loaded."""
    mixed(1, 20, 100)
