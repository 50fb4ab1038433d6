"""Balls: measures, uniformity, and what is refused."""

from math import gamma, pi

import numpy as np
import pytest
from sympy import Interval, Rational, oo, symbols

from inrpde.declaration.regions import Ball, Region
from inrpde.declaration.space import Space
from inrpde.errors import ProblemError
from inrpde.sampling import sample


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 6, 10])
def test_balls_and_spheres_are_uniform(dim):
    ball = Ball(Space([f"x{k}" for k in range(dim)]), [0.5] * dim, 2)
    q = sample(ball, 4000)
    volume = pi ** (dim / 2) / gamma(dim / 2 + 1) * 2**dim
    assert q.measure == pytest.approx(volume)
    centred = q.points - 0.5
    # ⟨x_i x_j⟩ = r² δ_ij / (d + 2) inside, r² δ_ij / d on the sphere
    assert np.allclose(centred.T @ centred / len(q), 4 / (dim + 2) * np.eye(dim), atol=0.02)
    surface = sample(ball.boundary, 4000)
    assert surface.measure == pytest.approx(dim * volume / 2)
    centred = surface.points - 0.5
    assert np.allclose(np.linalg.norm(centred, axis=1), 2)
    assert np.allclose(centred, 2 * surface.normals)
    assert np.allclose(centred.T @ centred / len(surface), 4 / dim * np.eye(dim), atol=0.04)
    assert ball.boundary.contains(surface.points).all()
    assert not ball.boundary.contains(q.points).any()


def test_what_is_no_ball():
    plane = Space("x y")
    for arguments, words in (
        (((0, 0, 0), 1), "3 coordinates"),
        ((0, 1), "1 coordinates"),
        (((0, 0), 0), "not positive"),
        (((0, 0), -1), "not positive"),
        (((0, 0), symbols("r")), "r is not a number"),
        (((0, oo), 1), "oo is not a number"),
    ):
        with pytest.raises(ProblemError, match=words) as caught:
            Ball(plane, *arguments)
        assert "Ball(space" in caught.value.where


def test_a_tiny_hole_keeps_its_boundary():
    plane = Space("x y")
    hole = Ball(plane, (0, 0), Rational(1, 1000))
    region = Region(plane, Interval(-1, 1) ** 2) - hole
    q = sample(region.boundary, 100)
    on_hole = np.hypot(*q.points.T) < 0.5
    assert on_hole.sum() >= 4
    assert q.weights[on_hole].sum() == pytest.approx(2 * pi / 1000)
