"""What holds of every tessellation."""

import numpy as np

from inrpde.sampling.cells.tessellation import OUTSIDE


def closedness(tessellation):
    """Of each cell, the greatest component of ∮ n."""
    cells, faces = tessellation.cells, tessellation.faces
    flux = np.zeros(cells.origin.shape)
    pairs = faces.cells[faces.owners]
    for side, sign in ((0, 1), (1, -1)):
        there = pairs[:, side] != OUTSIDE
        np.add.at(flux, pairs[there, side], sign * (faces.weights[:, None] * faces.normals)[there])
    return np.abs(flux).max(axis=1)


def volumes(tessellation):
    """Of each cell, by its own quadrature and by ∮ x·n / d."""
    cells, volume, faces = tessellation.cells, tessellation.volume, tessellation.faces
    inner = np.bincount(volume.owners, volume.weights, len(cells))
    flux, pairs = np.zeros(len(cells)), faces.cells[faces.owners]
    for side, sign in ((0, 1), (1, -1)):
        there = pairs[:, side] != OUTSIDE
        cell = pairs[there, side]
        outward = np.sum((faces.points[there] - cells.origin[cell]) * faces.normals[there], axis=1)
        flux += sign * np.bincount(cell, faces.weights[there] * outward, len(cells))
    return inner, flux / cells.origin.shape[1]


def shuffled(divided, rounds=3, share=0.3, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        divided = divided.refined(rng.random(len(divided.tessellation(1).cells)) < share)
    return divided
