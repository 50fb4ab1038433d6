"""The row of the prior over a family of signals: held-out windows of photographs from a few of their pixels."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from benchmarks.paper.hypernetwork import STEPS, Family, Prior
from benchmarks.paper.row import Array
from inrpde import Space
from inrpde.data import Image

PHOTOGRAPHS = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png",
    "coins.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png",
    "retina.jpg", "rocket.jpg",
)  # fmt: skip
"""Those of scikit-image that show something real, by name."""
HELD_OUT = PHOTOGRAPHS[3::4]
"""Every fourth: chosen before anything was seen of what is reached."""
SIDE, WINDOW, STRIDE = 128, 32, 8
"""Pixels along the side of a photograph and of a window, as many as the paper's pictures have, and between windows to
train on."""
KNOWN = (10, 100, 1000)
RIDGES = tuple(10.0**power for power in range(-6, -1))
"""Variances of the noise from which principal components' is chosen."""
SOME = 64
"""Training windows by which it is chosen."""
ROWS_AND_COLUMNS = np.stack(np.mgrid[:WINDOW, :WINDOW], axis=-1).reshape(-1, 2)
POINTS = np.column_stack([2 * ROWS_AND_COLUMNS[:, 1] + 1, -2 * ROWS_AND_COLUMNS[:, 0] - 1]) / WINDOW + [-1, 1]
"""The pixels' middles, row by row, in [-1, 1]²."""
Answer = Callable[[Array, Array], Array]
"""Windows (B, P) from the numbers of the pixels that are known (B, N) and their values (B, N)."""


def windows(names: tuple[str, ...], stride: int) -> Array:
    """All windows of these photographs, so many pixels apart: (K, WINDOW²) of grey values in [0, 1]."""
    starts = range(0, SIDE - WINDOW + 1, stride)
    photographs = [Image(Space("x y"), name, SIDE, grey=True).pixels[..., 0] for name in names]
    return np.array(
        [p[i : i + WINDOW, j : j + WINDOW].ravel() for p in photographs for i in starts for j in starts]
    )  # fmt: skip


@lru_cache
def training() -> Array:
    return windows(tuple(name for name in PHOTOGRAPHS if name not in HELD_OUT), STRIDE)


@lru_cache
def held_out() -> Array:
    """Windows that do not overlap, of photographs that nothing is trained on."""
    return windows(HELD_OUT, WINDOW)


def drawn(count: int, known: int, seed: int) -> Array:
    """The numbers of so many pixels for each window, at random: (count, known)."""
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(WINDOW**2)[:known] for _ in range(count)])


def decibels(found: Array, true: Array) -> Array:
    """The peak signal-to-noise ratio of each window over all its pixels, those that were given too."""
    return -10 * np.log10(np.mean((found - true) ** 2, axis=1))


def nearest(pixels: Array, values: Array) -> Array:
    """Every pixel has the value of the nearest that is known."""
    found = [cKDTree(ROWS_AND_COLUMNS[some]).query(ROWS_AND_COLUMNS)[1] for some in pixels]
    return np.array([value[at] for value, at in zip(values, found, strict=True)])


@dataclass
class Components:
    """All principal components of the training windows, with a normal prior of their scores: the mean of the windows
    that agree with the known pixels up to noise, whose variance is that by which training windows are found best."""

    train: Array

    def __post_init__(self) -> None:
        self.mean = self.train.mean(axis=0)
        off = self.train - self.mean
        self.covariance = off.T @ off / len(off)

    def __call__(self, pixels: Array, values: Array) -> Array:
        some = self.train[:: max(len(self.train) // SOME, 1)]
        there = drawn(len(some), pixels.shape[1], 1)
        tried = {
            ridge: decibels(self.given(there, np.take_along_axis(some, there, 1), ridge), some).mean()
            for ridge in RIDGES
        }
        return self.given(pixels, values, max(tried, key=tried.__getitem__))

    def given(self, pixels: Array, values: Array, ridge: float) -> Array:
        out = []
        for some, value in zip(pixels, values, strict=True):
            among = self.covariance[np.ix_(some, some)] + ridge * np.eye(len(some))
            out.append(self.mean + self.covariance[:, some] @ np.linalg.solve(among, value - self.mean[some]))
        return np.array(out)


@dataclass(frozen=True)
class SignalFamily:
    name: str = "signal_family"

    def run(self, folder: Path, share: float = 1.0) -> dict[str, Mapping[str, float]]:
        """For everyone the mean and the standard deviation of the ratios of held-out windows, by how many pixels are
        known, and the processor seconds, with training. A picture lies in the folder; `share` shortens the training."""
        begun = time.process_time()
        prior = Prior(Family(POINTS, training()), round(share * STEPS))
        seconds = time.process_time() - begun
        everyone: dict[str, Answer] = {
            "hypernetwork": prior.inpaint,
            "principal comp.": Components(training()),
            "nearest pixel": nearest,
        }
        true, figures, fields = held_out(), {who: {"s": 0.0} for who in everyone}, {}
        figures["hypernetwork"]["s"] = seconds
        for known in KNOWN:
            pixels = drawn(len(true), known, 0)
            fields[known] = {"known": masked(pixels, true)}
            for who, answer in everyone.items():
                begun = time.process_time()
                found = answer(pixels, np.take_along_axis(true, pixels, 1))
                figures[who]["s"] += time.process_time() - begun
                ratios = decibels(found, true)
                figures[who] |= {f"dB of {known}": float(ratios.mean()), f"± of {known}": float(ratios.std())}
                fields[known][who] = found
            fields[known]["true"] = true
        pictures(folder / f"{self.name}.png", fields)
        return figures


def masked(pixels: Array, true: Array) -> Array:
    """What is known, and NaN elsewhere."""
    out = np.full_like(true, np.nan)
    np.put_along_axis(out, pixels, np.take_along_axis(true, pixels, 1), 1)
    return out


def pictures(file: Path, fields: Mapping[int, Mapping[str, Array]]) -> None:
    """The window that varies most, of each of two photographs, with a row for each number of known pixels."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    each = len(held_out()) // len(HELD_OUT)
    chosen = [k * each + int(held_out()[k * each : (k + 1) * each].std(axis=1).argmax()) for k in (1, 3)]
    columns = [(which, who) for which in chosen for who in fields[KNOWN[0]]]
    figure, axes = plt.subplots(len(fields), len(columns), figsize=(1.2 * len(columns), 4.2), layout="constrained")
    for row, everyone in zip(axes, fields.values(), strict=True):
        for axis, (which, who) in zip(row, columns, strict=True):
            axis.imshow(everyone[who][which].reshape(WINDOW, WINDOW), cmap="gray", vmin=0, vmax=1)
            axis.axis("off")
    for axis, (_, who) in zip(axes[0], columns, strict=True):
        axis.set_title(who, fontsize=7)
    figure.savefig(file, dpi=80)
    plt.close(figure)


ROWS = [SignalFamily()]
