"""Flux forms, and columns on cells, for tests of what the cells and the faces give."""

from types import SimpleNamespace

import numpy as np
from sympy import lambdify

from inrpde import Problem
from inrpde.compiler import compile_problem
from inrpde.compiler.flux import FluxForm, flux_form
from inrpde.discretise.weak.columns import Family, columns, holding
from inrpde.discretise.weak.faces import groups
from inrpde.networks.mosaic import basis
from inrpde.sampling.cells import quadtree, simplices


def flux_of(unknowns, conditions, **more):
    found = flux_form(compile_problem(Problem("p", list(unknowns), list(conditions), **more)))
    assert isinstance(found, FluxForm), found
    return found


def parts_of(flux):
    return list(dict.fromkeys(equation.region for equation in flux.equations))


def on_mesh(flux):
    return simplices.divide(parts_of(flux))


def on_boxes(flux, size=0.5, **more):
    return quadtree.divide(parts_of(flux), size=size, **more)


def standing(flux, divided, degree=1):
    """A flux form on cells with bases of this degree (of each unknown, where several are given)."""
    tessellation = divided.tessellation(6)
    degrees = [degree] * len(flux.form.unknowns) if isinstance(degree, int) else degree
    where = np.zeros(len(tessellation.cells), int)
    simplex, dim = divided.cover.simplex, tessellation.cells.origin.shape[1]
    held = columns(flux, tessellation, [Family((basis(each, dim, simplex),), where) for each in degrees])
    return SimpleNamespace(flux=flux, tessellation=tessellation, columns=held, divided=divided)


def grouped(made):
    return list(groups(made.flux, made.tessellation, made.columns.lives, holding(made.flux, made.tessellation)))


def heads(made, *known):
    """The vector of functions (of coordinates, one an unknown) that the bases hold."""
    volume, held = made.tessellation.volume, made.columns
    vector = np.zeros(held.width, complex if made.flux.form.arithmetic == "complex" else float)
    for unknown, each in enumerate(known):
        size = held.families[unknown].size
        values = np.broadcast_to(lambdify(made.flux.form.space.coords, each)(*volume.points.T), len(volume.points))
        for cell in np.flatnonzero(held.lives[unknown]):
            rows = slice(*volume.starts[cell : cell + 2])
            found = held.jets(unknown, np.full(volume.counts[cell], cell), volume.points[rows])[:, 0]
            start = held.starts[unknown, cell]
            vector[start : start + size] = np.linalg.lstsq(found, values[rows], rcond=None)[0]
    return vector
