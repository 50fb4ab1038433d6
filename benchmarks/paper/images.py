"""The rows on pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.paper import authors
from benchmarks.paper.row import Array, Found, Row
from inrpde import Space
from inrpde.data import Image

PICTURE = "camera.png"


@lru_cache
def pixels(size: int, picture: str = PICTURE) -> Image:
    return Image(Space("x y"), picture, size)


def grey(size: int, picture: str = PICTURE) -> Array:
    """Rows from the top, (size, size)."""
    return pixels(size, picture).pixels[..., 0]


def drawn(found: Found, size: int) -> Array:
    return found(pixels(size).coordinates).reshape(size, size)


# -- what is measured


def decibels(difference: Array) -> float:
    """The peak signal-to-noise ratio of values in [0, 1]."""
    return float(-10 * np.log10(np.mean(difference**2)))


def fidelity(size: int, found: Found) -> dict[str, float]:
    """PSNR, and the correlations of gradient and Laplacian with the picture's own: of a spline through its pixels."""
    jets = pixels(size).fields[0].jets(pixels(size).coordinates, [(1, 0), (0, 1), (2, 0), (0, 2)])
    step = 1e-2 / size
    slope, bend = differences(found, pixels(size).coordinates, step)
    true = np.concatenate([jets[1, 0], jets[0, 1]]), jets[2, 0] + jets[0, 2]
    return {
        "PSNR, dB": decibels(drawn(found, size) - grey(size)),
        "corr ∇": float(np.corrcoef(slope.T.ravel(), true[0])[0, 1]),
        "corr Δ": float(np.corrcoef(bend, true[1])[0, 1]),
    }


def differences(found: Found, at: Array, step: float) -> tuple[Array, Array]:
    """Gradient (N, 2) and Laplacian (N,) by central differences."""
    here, shifts = found(at), step * np.eye(2)
    ends = [(found(at + shift), found(at - shift)) for shift in shifts]
    slope = np.column_stack([(ahead - behind) / (2 * step) for ahead, behind in ends])
    return slope, sum(ahead - 2 * here + behind for ahead, behind in ends) / step**2


def up_to_a_constant(size: int, truth: Callable[[], Array], found: Found) -> dict[str, float]:
    difference = drawn(found, size) - truth()
    return {"PSNR, dB": decibels(difference - difference.mean())}


# -- the authors' recipe


def on_values(size: int, activation: str, seconds: float) -> Found:
    data = torch.as_tensor(grey(size).ravel(), dtype=torch.float32)
    return authors.train(pixels(size).coordinates, lambda u, x: ((u(x) - data) ** 2).mean(), seconds, activation)


def on_slopes(size: int, share: Mapping[str, float], seconds: float) -> Found:
    """∇Φ = Σ share · ∇picture."""
    at = pixels(size).coordinates
    half = np.ptp(at, axis=0) / 2
    jets = {name: pixels(size, name).fields[0].jets(at, [(1, 0), (0, 1)]) for name in share}
    label = sum(a * np.column_stack([jets[name][1, 0], jets[name][0, 1]]) for name, a in share.items())
    data = torch.as_tensor(label * half, dtype=torch.float32)
    return authors.train(at, lambda u, x: ((authors.gradient(u, x) - data) ** 2).sum(1).mean(), seconds)


def on_bending(size: int, seconds: float) -> Found:
    """ΔΦ = Δf, and Φ = f on the border, which weighs as much."""
    at, picture = pixels(size).coordinates, pixels(size)
    half = float(np.ptp(at, axis=0)[0] / 2)
    jets = picture.fields[0].jets(at, [(2, 0), (0, 2)])
    data = torch.as_tensor((jets[2, 0] + jets[0, 2]) * half**2, dtype=torch.float32)
    edge = torch.as_tensor(2 * (picture.border.coordinates - at.min(0)) / np.ptp(at, axis=0) - 1, dtype=torch.float32)
    values = torch.as_tensor(next(iter(picture.border.values.values())), dtype=torch.float32)
    size_ = data.square().mean()

    def loss(u: authors.Network, x: Tensor) -> Tensor:
        bending = (authors.laplacian(u, x) - data).square().mean() / size_
        return bending + (u(edge) - values).square().mean()

    return authors.train(at, loss, seconds)


# -- classical answers


def as_field(values: Array) -> Found:
    """A spline through values at the pixels."""
    image = Image(Space("x y"), values)
    return lambda at: image.fields[0].jets(at, [(0, 0)])[0, 0]


def fast_poisson(size: int) -> Found:
    """The five-point Poisson equation with the border given, solved by sine transforms."""
    from scipy.fft import dstn, idstn

    f = grey(size)
    load = 4 * f[1:-1, 1:-1] - f[:-2, 1:-1] - f[2:, 1:-1] - f[1:-1, :-2] - f[1:-1, 2:]
    edges = np.zeros_like(f)
    edges[[0, -1]], edges[:, [0, -1]] = f[[0, -1]], f[:, [0, -1]]
    load += edges[:-2, 1:-1] + edges[2:, 1:-1] + edges[1:-1, :-2] + edges[1:-1, 2:]
    waves = 2 - 2 * np.cos(np.pi * np.arange(1, size - 1) / (size - 1))
    out = edges.copy()
    out[1:-1, 1:-1] = idstn(dstn(load, type=1) / (waves[:, None] + waves), type=1)
    return as_field(out)


def biharmonic(size: int, share: float) -> Found:
    from skimage.restoration import inpaint_biharmonic

    picture, values = pixels(size), grey(size)
    known = picture.some(share).coordinates
    missing = np.ones(values.shape, dtype=bool)
    rows, columns = (1 - known[:, 1]) * size - 0.5, known[:, 0] * size - 0.5
    missing[np.round(rows).astype(int), np.round(columns).astype(int)] = False
    return as_field(inpaint_biharmonic(np.where(missing, 0, values), missing))


# -- pictures


def gallery(name: str, size: int, derivatives: bool, folder: Path, fields: Mapping[str, Found]) -> None:
    """Everyone's picture in a row; with its gradient and Laplacian below, where these are asked for."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    everyone = {"the picture": as_field(grey(size)), **fields}
    rows = 3 if derivatives else 1
    figure, axes = plt.subplots(
        rows, len(everyone), figsize=(2.6 * len(everyone), 2.7 * rows), squeeze=False, layout="constrained"
    )
    ranges: list[tuple[float, float]] = []
    for column, (who, found) in enumerate(everyone.items()):
        values = drawn(found, size)
        if name.startswith(("poisson", "blend")):
            values = values - values.mean() + grey(size).mean()
        images = [values]
        if derivatives:
            slope, bend = differences(found, pixels(size).coordinates, 1e-2 / size)
            images += [np.linalg.norm(slope, axis=1).reshape(size, size), bend.reshape(size, size)]
        if not ranges:
            ranges = [(0, 1), *((float(np.quantile(v, 0.02)), float(np.quantile(v, 0.98))) for v in images[1:])]
        for row, (image, (low, high)) in enumerate(zip(images, ranges, strict=True)):
            axes[row, column].imshow(image, cmap="gray", vmin=low, vmax=high)
            axes[row, column].axis("off")
        axes[0, column].set_title(who)
    figure.savefig(folder / f"{name}.png", dpi=110)
    plt.close(figure)


HALVES = {PICTURE: 0.5, "coins.png": 0.5}


def both(size: int) -> Array:
    return sum(share * grey(size, name) for name, share in HALVES.items())


def _row(name: str, problem: str, size: int, seconds: float, **rest: object) -> Row:
    derivatives = problem.startswith("image")
    pictures = partial(gallery, name, size, derivatives)
    return Row(name, problem, seconds, parameters={"size": size}, pictures=pictures, **rest)  # type: ignore[arg-type]


ROWS = [
    _row("image", "image", 256, 60, measure=partial(fidelity, 256), theirs=partial(on_values, 256, "sine")),
    _row("image_512", "image", 512, 300, measure=partial(fidelity, 512), theirs=partial(on_values, 512, "sine")),
    _row("image_relu", "image_relu", 256, 60, measure=partial(fidelity, 256), theirs=partial(on_values, 256, "relu")),
    _row("image_tanh", "image_tanh", 256, 60, measure=partial(fidelity, 256), theirs=partial(on_values, 256, "tanh")),
    _row(
        "poisson_gradient", "poisson_gradient", 256, 120, measure=partial(up_to_a_constant, 256, lambda: grey(256)),
        theirs=partial(on_slopes, 256, {PICTURE: 1.0}),
    ),
    _row(
        "poisson_laplacian", "poisson_laplacian", 256, 120, measure=partial(up_to_a_constant, 256, lambda: grey(256)),
        theirs=partial(on_bending, 256), classical={"sine transforms": partial(fast_poisson, 256)},
    ),
    _row(
        "blend", "blend", 256, 120, measure=partial(up_to_a_constant, 256, lambda: both(256)),
        theirs=partial(on_slopes, 256, HALVES),
    ),
    _row(
        "inpaint", "inpaint", 256, 60, measure=lambda found: {"PSNR, dB": decibels(drawn(found, 256) - grey(256))},
        classical={"biharmonic": partial(biharmonic, 256, 0.1)},
    ),
]  # fmt: skip
