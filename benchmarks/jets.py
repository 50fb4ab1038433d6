"""Jets against nested automatic differentiation: time and peak memory of one training step, side by side in one run.

A step is a loss and its gradient with respect to all parameters, in double precision: a network of sine layers in two
coordinates, and the mean square of its Laplacian minus a given source.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from inrpde.networks.jets import Combination, Slot
from inrpde.networks.trainable import Siren
from inrpde.networks.waves import sine_operator

LAPLACIAN = Combination((((2, 0), 1.0), ((0, 2), 1.0)))
Step = Callable[[], list[Tensor]]


class Steps:
    """The ways to take a step on one network and one set of points; each returns the loss and the gradients."""

    def __init__(self, width: int, layers: int, count: int):
        box = (-np.ones(2), np.ones(2))
        self.network = Siren(box, width, layers, generator=torch.Generator().manual_seed(0))
        # all but the head's bias, which a Laplacian does not see
        self.parameters = [p for p in self.network.parameters() if p is not self.network.head_bias]
        self.points = 2 * torch.rand(count, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64) - 1
        self.source = torch.sin(self.points.sum(dim=1, keepdim=True))

    def nested(self) -> list[Tensor]:
        """Differentiate the values twice, and the result once more."""
        points = self.points.clone().requires_grad_()
        hidden = self.network.angles(points)
        for weight, bias in self.network.layers():
            hidden = torch.sin(torch.nn.functional.linear(hidden, weight, bias))
        values = hidden @ self.network.head.T
        (slope,) = torch.autograd.grad(values.sum(), points, create_graph=True)
        seconds = [torch.autograd.grad(slope[:, k].sum(), points, create_graph=True)[0][:, k] for k in range(2)]
        return self._finish(seconds[0] + seconds[1])

    def apart(self) -> list[Tensor]:
        """Jets, each second derivative by itself."""
        jets = self.network.jets(self.points, [(2, 0), (0, 2)])
        return self._finish((jets[2, 0] + jets[0, 2])[:, 0])

    def together(self) -> list[Tensor]:
        """Jets, the Laplacian as one slot."""
        return self._finish(self.network.jets(self.points, [LAPLACIAN])[LAPLACIAN][:, 0])

    def order(self, wanted: list[Slot]) -> Step:
        """Jets of all the slots wanted, added up."""
        return lambda: self._finish(sum(jet[:, 0] for jet in self.network.jets(self.points, wanted).values()))

    def _finish(self, laplacian: Tensor) -> list[Tensor]:
        loss = (laplacian - self.source[:, 0]).square().mean()
        return [loss.detach(), *torch.autograd.grad(loss, self.parameters)]


def fastest(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The least seconds of each, taken in turns so that all meet the same machine."""
    seconds = {name: float("inf") for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def peak_memory(way: str, words: list[str]) -> float:
    """The megabytes that two steps add to a process of their own."""
    command = [sys.executable, __file__, "--only", way, *words]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def measure(way: Step) -> float:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    way()
    way()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--points", type=int, default=8192)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", choices=["nested", "apart", "together"], help="print one way's peak memory")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    names = {"nested": "nested autograd", "apart": "jets", "together": "jets, Laplacian as one"}
    if not options.only:  # before this process grows: what it has reached counts for those that it starts
        words = [f"--{key}={getattr(options, key)}" for key in ("width", "layers", "points", "threads")]
        memory = {name: peak_memory(name, words) for name in names}
    steps = Steps(options.width, options.layers, options.points)
    if options.only:
        print(measure(getattr(steps, options.only)))
        return

    ways = {name: getattr(steps, name) for name in names}
    exact = steps.nested()
    seconds = fastest(ways, options.repeats)
    print(", ".join(f"{getattr(options, key)} {key}" for key in ("width", "layers", "points", "threads")))
    print(f"{'':<26}{'ms':>8}{'faster':>9}{'peak MB':>10}{'difference':>13}")
    for name, title in names.items():
        pairs = zip(ways[name](), exact, strict=True)
        difference = max(float((one - other).abs().max() / other.abs().max()) for one, other in pairs)
        ratio = seconds["nested"] / seconds[name]
        print(f"{title:<26}{1e3 * seconds[name]:>8.0f}{ratio:>8.2f}×{memory[name]:>10.0f}{difference:>13.0e}")

    ways = {
        "order 2": steps.order([(2, 0), (1, 1), (0, 2)]),
        "order 4": steps.order([(k, 4 - k) for k in range(5)]),
    }
    seconds = fastest(ways, options.repeats)
    print(f"\nAll derivatives to order 4 cost {seconds['order 4'] / seconds['order 2']:.2f} times those to order 2")
    features()


def features(points: int = 10_000, width: int = 3000, repeats: int = 3) -> None:
    """A frozen layer: the matrix of an operator on its features."""
    rng = np.random.default_rng(0)
    x, weight, bias = rng.uniform(-1, 1, (points, 2)), rng.uniform(-20, 20, (width, 2)), rng.uniform(0, 6, width)
    plain = {
        "closed form": lambda: sine_operator(x, weight, bias, {(2, 0): -1.0, (0, 2): -1.0, (0, 0): x[:, 0]}),
        "numpy.sin": lambda: np.sin(x @ weight.T + bias) * ((weight**2).sum(axis=1) + x[:, :1]),
    }
    seconds = fastest(plain, repeats)
    print(f"\nThe matrix of -Δu + x u on {width} features at {points} points:")
    for name, value in seconds.items():
        print(f"{name:<26}{1e3 * value:>8.0f} ms")


if __name__ == "__main__":
    main()
