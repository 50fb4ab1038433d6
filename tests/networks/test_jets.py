"""Jets against nested automatic differentiation, by numpy, by torch, and by blocks."""

import itertools
from math import comb

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.func import grad, vmap

from inrpde.networks.fused import sine_network
from inrpde.networks.jets import (
    ACTIVATIONS,
    Combination,
    affine,
    chain,
    closure,
    inputs,
    leibniz,
    propagate,
    sine,
    slopes,
)

LAPLACIAN = Combination((((2, 0), 1.0), ((0, 2), 1.0)))
BILAPLACIAN = Combination((((4, 0), 1.0), ((2, 2), 2.0), ((0, 4), 1.0)))
ADVECTION = Combination((((1, 0), 2.0), ((0, 1), -1.0)))
MIXED = Combination((((2, 0), 1.0), ((1, 1), -3.0), ((0, 1), 0.5)))


def multi_indices(dim, order):
    return [index for index in itertools.product(range(order + 1), repeat=dim) if sum(index) <= order]


def nested(values, points, index):
    """∂^index of values (N, m) at points by automatic differentiation, one derivative after the other."""
    columns = []
    for column in values.T:
        for axis, order in enumerate(index):
            for _ in range(order):
                (slope,) = torch.autograd.grad(column.sum(), points, create_graph=True, materialize_grads=True)
                column = slope[:, axis]
        columns.append(column)
    return torch.stack(columns, dim=1)


def network(dim, width, layers, seed, outputs=1, scale=1.5):
    """Layers and head of a random network, and points."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    sizes = [dim, *[width] * layers]
    body = [(scale * draw(m, n) / n**0.5, draw(m)) for n, m in itertools.pairwise(sizes)]
    return body, draw(outputs, width) / width**0.5, 2 * torch.rand(5, dim, generator=generator, dtype=torch.float64) - 1


def value(body, head, points, activation=torch.sin):
    for weight, bias in body:
        points = activation(points @ weight.T + bias)
    return points @ head.T


def close(found, expected, tolerance=1e-10):
    found, expected = torch.as_tensor(found).detach(), torch.as_tensor(expected).detach()
    return torch.max(torch.abs(found - expected)) <= tolerance * max(1.0, float(torch.max(torch.abs(expected))))


@st.composite
def cases(draw, orders=4):
    dim = draw(st.integers(1, 3))
    pool = multi_indices(dim, orders)
    wanted = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=6, unique=True))
    body, head, points = network(dim, draw(st.integers(1, 6)), draw(st.integers(1, 3)), draw(st.integers(0, 2**20)))
    return body, head, points, wanted


class TestSlots:
    def test_the_closure_of_the_laplacian_has_no_mixed_derivative(self):
        assert closure([(2, 0), (0, 2)]) == ((0, 0), (0, 1), (1, 0), (0, 2), (2, 0))

    def test_a_combination_needs_only_what_lies_below_its_terms(self):
        assert closure([LAPLACIAN]) == ((0, 0), (0, 1), (1, 0), LAPLACIAN)

    @given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=5))
    def test_a_closure_is_down_closed_sorted_and_smallest(self, wanted):
        slots = closure(wanted)
        assert list(slots) == sorted(set(slots), key=lambda index: (sum(index), index))
        for slot in slots:
            assert any(all(a <= b for a, b in zip(slot, top, strict=True)) for top in wanted)
            for axis, order in enumerate(slot):
                assert not order or tuple(n - (k == axis) for k, n in enumerate(slot)) in slots

    @pytest.mark.parametrize("slot", [(3,), (2, 1), (1, 1, 2), LAPLACIAN, BILAPLACIAN])
    def test_products_stay_within_the_closure(self, slot):
        slots = set(closure([slot]))
        assert {s for _, *pair in (*chain(slot), *leibniz(slot)) for s in pair} <= slots
        assert slot not in slopes(closure([slot]))

    def test_the_product_rule_has_binomial_coefficients(self):
        assert {(a, b): c for c, a, b in leibniz((2, 1))} == {
            ((2 - i, 1 - j), (i, j)): comb(2, i) * comb(1, j) for i in range(3) for j in range(2)
        }

    def test_order_four_takes_at_most_three_times_the_work_of_order_two(self):
        """Counted in passes over arrays for width 256: a product by a matrix of that width counts as 40 passes."""

        def work(order):
            slots = closure(multi_indices(2, order))
            products = sum(len(chain(s)) for s in slots[1:]) + sum(len(chain(s)) for s in slopes(slots) if any(s))
            return 40 * len(slots) + products + sum(len(leibniz(slot)) for slot in slots)

        assert work(4) <= 3 * work(2)


class TestAgainstNestedDifferentiation:
    @given(cases())
    def test_torch_numpy_and_blocks_give_every_derivative_to_order_four(self, case):
        body, head, points, wanted = case
        points.requires_grad_()
        exact = {index: nested(value(body, head, points), points, index).detach() for index in wanted}
        points = points.detach()
        frame, slots = torch.eye(points.shape[1], dtype=points.dtype), closure(wanted)

        by_torch = affine(propagate(inputs(points, frame, slots), body, slots), head)
        arrays = [(weight.numpy(), bias.numpy()) for weight, bias in body]
        by_numpy = affine(propagate(inputs(points.numpy(), frame.numpy(), slots), arrays, slots), head.numpy())
        by_blocks = sine_network(points, frame, body, head, wanted)
        for index in wanted:
            assert close(by_torch[index], exact[index])
            assert close(by_numpy[index], exact[index])
            assert close(by_blocks[index], exact[index])
            assert close(by_numpy[index], by_torch[index], 1e-13)

    @given(cases(orders=3))
    def test_the_gradient_of_a_loss(self, case):
        body, head, points, wanted = case
        parameters = [head, *(tensor for layer in body for tensor in layer)]
        for parameter in parameters:
            parameter.requires_grad_()

        def gradient(jets):
            loss = sum(torch.sum(jets[index] ** 2 * (k + 1)) + torch.sum(jets[index]) for k, index in enumerate(wanted))
            return torch.autograd.grad(loss, parameters, materialize_grads=True)

        points.requires_grad_()
        exact = gradient({index: nested(value(body, head, points), points, index) for index in wanted})
        points = points.detach()
        frame, slots = torch.eye(points.shape[1], dtype=points.dtype), closure(wanted)
        by_torch = gradient(affine(propagate(inputs(points, frame, slots), body, slots), head))
        by_blocks = gradient(sine_network(points, frame, body, head, wanted))
        for expected, *found in zip(exact, by_torch, by_blocks, strict=True):
            assert all(close(one, expected) for one in found)

    @pytest.mark.parametrize(("name", "function"), [("tanh", torch.tanh), ("relu", torch.relu)])
    def test_other_activations(self, name, function):
        body, head, points = network(2, 6, 3, seed=1)
        wanted = multi_indices(2, 4)
        points.requires_grad_()
        out = value(body, head, points, function)
        slots = closure(wanted)
        jet = propagate(inputs(points.detach(), torch.eye(2, dtype=points.dtype), slots), body, slots, name)
        assert set(jet) == set(slots)
        for index in wanted:
            assert close(jet[index] @ head.T, nested(out, points, index))

    def test_derivatives_with_respect_to_the_unscaled_coordinates(self):
        body, head, points = network(2, 5, 2, seed=2)
        scale = torch.tensor([3.0, 0.5], dtype=torch.float64)
        points.requires_grad_()
        out = value(body, head, points * scale)
        jets = sine_network(points.detach() * scale, torch.diag(scale), body, head, [(2, 1)])
        assert close(jets[2, 1], nested(out, points, (2, 1)))


class TestCombinations:
    @pytest.mark.parametrize("name", ACTIVATIONS)
    @pytest.mark.parametrize("combination", [LAPLACIAN, BILAPLACIAN, ADVECTION, MIXED])
    def test_is_the_sum_of_its_terms(self, combination, name):
        body, _, points = network(2, 7, 3, seed=3)
        frame = torch.tensor([[1.5, 0.2], [0.0, 0.7]], dtype=torch.float64)
        alone, apart = closure([combination]), closure([index for index, _ in combination.terms])
        together = propagate(inputs(points, frame, alone), body, alone, name)[combination]
        jet = propagate(inputs(points, frame, apart), body, apart, name)
        assert close(together, sum(c * jet[index] for index, c in combination.terms), 1e-13)

    def test_gradients_agree_too(self):
        body, head, points = network(2, 7, 3, seed=4, outputs=2)
        frame = torch.eye(2, dtype=torch.float64)
        parameters = [head, *(tensor.requires_grad_() for layer in body for tensor in layer)]
        head.requires_grad_()
        together = sine_network(points, frame, body, head, [LAPLACIAN, (1, 0)])
        apart = sine_network(points, frame, body, head, [(2, 0), (0, 2), (1, 0)])
        losses = (
            (together[LAPLACIAN] ** 2 * together[1, 0]).sum(),
            ((apart[2, 0] + apart[0, 2]) ** 2 * apart[1, 0]).sum(),
        )
        for one, other in zip(*(torch.autograd.grad(loss, parameters) for loss in losses), strict=True):
            assert close(one, other, 1e-12)


class TestBlocks:
    @pytest.mark.parametrize("threads", [1, 2, 3])
    def test_many_blocks_on_many_threads_give_what_one_gives(self, monkeypatch, threads):
        body, head, _ = network(2, 16, 3, seed=5, outputs=2)
        points = torch.rand(100, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        parameters = [tensor.requires_grad_() for tensor in (head, *itertools.chain(*body))]

        def run():
            jets = sine_network(points, torch.eye(2, dtype=torch.float64), body, head, [(0, 0), LAPLACIAN])
            loss = (jets[LAPLACIAN] * jets[0, 0]).sum()
            return jets[LAPLACIAN].detach(), *torch.autograd.grad(loss, parameters)

        whole = run()
        monkeypatch.setattr("inrpde.networks.fused.BLOCK_BYTES", 7 * 16 * 8)  # blocks of at most 7 points
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            parts, again = run(), run()
            assert torch.get_num_threads() == threads
        finally:
            torch.set_num_threads(before)
        for part, same, one in zip(parts, again, whole, strict=True):
            assert close(part, one, 1e-12)
            assert torch.equal(part, same)

    def test_no_points_have_no_gradient(self):
        body, head, points = network(2, 3, 2, seed=6)
        head.requires_grad_()
        jets = sine_network(points[:0], torch.eye(2, dtype=torch.float64), body, head, [(0, 0), LAPLACIAN])
        assert jets[LAPLACIAN].shape == (0, 1)
        (slope,) = torch.autograd.grad(jets[LAPLACIAN].sum(), head)
        assert torch.equal(slope, torch.zeros_like(head))

    def test_a_second_derivative_with_respect_to_parameters_is_refused(self):
        body, head, points = network(1, 3, 1, seed=6)
        head.requires_grad_()
        out = sine_network(points, torch.eye(1, dtype=torch.float64), body, head, [(0,)])[0,]
        (slope,) = torch.autograd.grad((out**2).sum(), head, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            slope.sum().backward()


def test_torch_func_differentiates_the_jets_of_each_point():
    """The Jacobian of a residual by vmap of grad, as Gauss–Newton methods ask for it."""
    body, head, points = network(2, 6, 2, seed=7)
    slots, frame = closure([LAPLACIAN]), torch.eye(2, dtype=torch.float64)

    def residual(weights, point):
        layers = list(zip(weights, [bias for _, bias in body], strict=True))
        return (propagate(inputs(point[None], frame, slots), layers, slots)[LAPLACIAN] @ head.T)[0, 0]

    weights = [weight.requires_grad_() for weight, _ in body]
    rows = vmap(grad(residual), in_dims=(None, 0))(weights, points)
    for k, point in enumerate(points):
        for row, expected in zip(rows, torch.autograd.grad(residual(weights, point), weights), strict=True):
            assert close(row[k], expected, 1e-12)


@given(st.integers(0, 2**20), st.integers(1, 3))
def test_the_derivative_of_a_siren_is_a_siren_with_shifted_phases(seed, dim):
    """∂_i sin(Wy + b) = diag(W e_i) sin(Wy + b + π/2), layer by layer (Sitzmann et al. 2020, section 3.1)."""
    body, head, points = network(dim, 8, 3, seed)
    slots = closure([tuple(int(k == 0) for k in range(dim))])
    jet = propagate(inputs(points, torch.eye(dim, dtype=torch.float64), slots), body, slots)

    hidden, slope = points, torch.eye(dim, dtype=torch.float64)[0].expand(len(points), dim)
    for weight, bias in body:
        shifted = torch.sin(hidden @ weight.T + bias + torch.pi / 2)
        hidden, slope = torch.sin(hidden @ weight.T + bias), shifted * (slope @ weight.T)
    assert close(jet[slots[1]] @ head.T, slope @ head.T, 1e-14)


def test_all_derivatives_of_one_layer_are_phase_shifts():
    weight, bias, points = np.array([[1.5, -2.0]]), np.array([0.3]), np.array([[0.2, 0.7], [-1.0, 0.4]])
    slots = closure(multi_indices(2, 4))
    jet = sine(affine(inputs(points, np.eye(2), slots), weight, bias), slots)
    for a, b in slots:
        shifted = np.sin(points @ weight.T + bias + (a + b) * np.pi / 2)
        np.testing.assert_allclose(jet[a, b], 1.5**a * (-2.0) ** b * shifted, atol=1e-14 * 2.0**4)
