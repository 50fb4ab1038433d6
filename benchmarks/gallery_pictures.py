"""Pictures of solutions for the documentation, by the product's own functions, small enough to lie beside the text."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from inrpde import Solution

LARGEST = 30_000
"""Bytes of a picture: fifty of them stay below two megabytes, the small ones included."""
SHARPEST = 100
"""Dots per inch of a picture, at most."""
PIXELS = (400_000, 260_000, 170_000)
PALETTES = (128, 48, 24)
"""How large pictures are, and of how many colours: tried in turn, the colours first."""
COLOURS = (32, 16, 8)
"""Of a small picture, the most of which it has at most half the bytes of a large one."""
WIDTH = 240
"""Pixels across a small picture, twice what it is shown at."""
MOST_ROWS = 2
"""Unknowns (real and imaginary parts apart) times moments in time, where there are several."""
FEW = 6
"""Unknowns up to which all are shown, of more those that were learned alone."""


def draw(solution: Solution, name: str, field: str, folder: Path) -> None:
    """Write `NAME.png`, the solution beside its reference, and `small/NAME.png`, one field alone."""
    (folder / "small").mkdir(parents=True, exist_ok=True)
    learned = [each for each in solution.fields if f"{each}_std" in solution.fields]
    if len(solution.fields) > FEW and learned:
        kept = {each: f for each, f in solution.fields.items() if each.removesuffix("_std") in learned}
        solution, field = replace(solution, fields=kept), learned[0]
    (folder / f"{name}.png").write_bytes(picture(solution))
    (folder / "small" / f"{name}.png").write_bytes(small(solution, field))


def picture(solution: Solution) -> bytes:
    """A PNG of at most `LARGEST` bytes: of a solid the middle plane, and few moments, to be read at a glance."""
    made = solution.plot(**_view(solution, MOST_ROWS))
    width, height = made.get_size_inches()
    for pixels in PIXELS:
        image = rendered(made, min(SHARPEST, (pixels / (width * height)) ** 0.5))
        for colours in PALETTES:
            found = reduced(image, colours)
            if len(found) <= LARGEST:
                return found
    return found


def small(solution: Solution, field: str) -> bytes:
    """The panel of one field, at the last moment, without its axes."""
    made = solution[field].plot(**_view(solution, 1))
    made.draw_without_rendering()
    panel = made.axes[0]
    inches = panel.get_window_extent().transformed(made.dpi_scale_trans.inverted())
    return thumbnail(rendered(made, WIDTH / inches.width, bbox_inches=inches))


def thumbnail(image: Image.Image) -> bytes:
    """A PNG of at most half of `LARGEST` bytes, as far as fewer colours, and then half as many pixels across, make it
    so."""
    half = image.resize((image.width // 2, image.height // 2))
    tried = [reduced(each, colours) for each in (image, half) for colours in COLOURS]
    return next((found for found in tried if len(found) <= LARGEST / 2), tried[-1])


def reduced(image: Image.Image, colours: int) -> bytes:
    """A PNG with a palette that the picture chooses itself."""
    buffer = io.BytesIO()
    made = image.quantize(colours, method=Image.Quantize.MEDIANCUT, kmeans=colours, dither=Image.Dither.NONE)
    made.save(buffer, "png", optimize=True)
    return buffer.getvalue()


def rendered(made: Figure, resolution: float, **how: Any) -> Image.Image:
    """A figure as an image of so many dots per inch; `how` goes to matplotlib's `savefig`."""
    buffer = io.BytesIO()
    made.savefig(buffer, format="png", dpi=resolution, **how)
    return Image.open(buffer).convert("RGB")


def _view(solution: Solution, rows: int) -> dict[str, Any]:
    """What `plot` is given: the middle plane of three dimensions, and moments for at most so many rows."""
    shown: dict[str, Any] = {}
    lo, hi = solution.domain.lo, solution.domain.hi
    space = [k for k, x in enumerate(solution.coords) if x != solution.time]
    if len(space) == 3:
        shown[str(solution.coords[space[-1]])] = float((lo[space[-1]] + hi[space[-1]]) / 2)
    if solution.time is not None and len(space) > 1:
        parts = sum(2 if np.iscomplexobj(values) else 1 for values in _sample(solution).values())
        shown["times"] = [float(t) for t in np.linspace(hi[-1], lo[-1], max(1, rows // parts))][::-1]
    return shown


def _sample(solution: Solution) -> dict[str, np.ndarray]:
    return {name: solution[name](np.atleast_2d((solution.domain.lo + solution.domain.hi) / 2)) for name in solution}
