"""Steady linear problems of second order in one unknown by quadratic finite elements (scikit-fem)."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array

from inrpde.compiler import Bound
from inrpde.declaration.regions import Mesh, Region
from inrpde.references.cut_cells import whole
from inrpde.references.equations import Equation, Equations, sort_equations
from inrpde.references.factors import Factors
from inrpde.references.fem_mesh import check_meshable, local_coordinates, locate, meshes, ratio
from inrpde.references.layout import coarsest_cells, domain
from inrpde.references.reference import FLOOR, NoReference, Reference, Unsupported, norm
from inrpde.references.steady import SINGULAR, Progress
from inrpde.references.terms import Term
from inrpde.references.weak_form import Array, Coefficients, check_first_order, weak_form

KIND = "finite-element"
DEFAULT = {2: 96, 3: 20}
"""Cells along the longest side of the grid on which the reference is given."""
CELLS = {2: 24, 3: 5}
"""Cells along the longest side of the coarsest mesh, where it is free."""
ORDER = 3.0
"""Of the error of quadratic elements in L2."""


def supports(bound: Bound) -> str | None:
    """Why finite elements cannot serve, or None when they can."""
    try:
        _check(bound)
    except Unsupported as reason:
        return str(reason)
    return None


def _check(bound: Bound) -> Equations:
    if find_spec("skfem") is None:
        raise Unsupported("scikit-fem is not installed")
    if bound.space.time is not None:
        raise Unsupported("the problem has a time")
    equations = sort_equations(bound)
    if len(equations.unknowns) != 1:
        raise Unsupported("the problem has several unknowns, or is not complex-differentiable")
    if equations.periodic or equations.numbers or equations.points or equations.integrals:
        raise Unsupported("a periodic, integral or pointwise condition")
    if equations.unknowns[0].region is not None or not equations.volume:
        raise Unsupported("no equation holds in a volume")
    check_meshable(_regions(equations))
    for equation in equations.volume:
        weak_form(equation.expr, equation.text, equations.lowering, equations.space)
    for equation in equations.faces:
        check_first_order(equations.term(equation))
    return equations


def _regions(equations: Equations) -> list[Region]:
    """The regions on which the equations hold, or of which they take a part."""
    return list({id(region): region for region in (whole(e.region) for e in equations.volume)}.values())


def solve(
    bound: Bound, n: int | None = None, *, budget: float | None = None, progress: Progress | None = None
) -> Reference | NoReference:
    """Solve on three meshes, each of smaller cells; the reference is given at the nodes of a grid of n cells.

    A larger n makes the meshes finer in proportion.

    The estimated error is that of the finest, by the order observed at those nodes (at most that of the elements).
    `budget` is not used: the sizes of the meshes are bounded.
    """
    try:
        equations = _check(bound)
        dim = len(bound.space.spatial)
        axes, points, mask = _grid(equations, n or DEFAULT[dim])
        size = max(hi - lo for lo, hi in domain(equations)) / CELLS[dim] * DEFAULT[dim] / (n or DEFAULT[dim])
        levels: list[Array] = []
        for mesh in meshes(_regions(equations), size):
            levels.append(_solve_on(equations, mesh, points, check=not levels))
            if progress:
                progress(8.0 ** (len(levels) - 3))
    except Unsupported as reason:
        return NoReference(str(reason))
    return _reference(equations, axes, mask, levels)


def _grid(equations: Equations, n: int) -> tuple[list[Array], Array, Array]:
    """The axes of a grid of about n cells (an even number), its nodes in the region, and which they are."""
    cells = [2 * count for count in coarsest_cells(equations, -(-n // 2))]
    axes = [np.linspace(lo, hi, count + 1) for (lo, hi), count in zip(domain(equations), cells, strict=True)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    flat = nodes.reshape(-1, len(axes))
    mask = np.any([region.contains(flat) for region in _regions(equations)], axis=0).reshape(nodes.shape[:-1])
    return axes, nodes[mask], mask


def _reference(equations: Equations, axes: list[Array], mask: Array, levels: list[Array]) -> Reference:
    (name,) = (unknown.name for unknown in equations.unknowns)
    before, latest, size = norm(levels[1] - levels[0]), norm(levels[2] - levels[1]), norm(levels[2])
    finer = ratio(_regions(equations))
    order = float(np.log(before / latest) / np.log(finer)) if latest > 1e-11 * size else ORDER
    error = max(latest / (finer ** float(np.clip(order, 0.5, ORDER)) - 1) / (size or 1.0), FLOOR)
    values = np.full(mask.shape, np.nan, levels[2].dtype)
    values[mask] = levels[2]
    every_other = (slice(None, None, 2),) * len(axes)
    coarse = tuple(axis[::2] for axis in axes)
    return Reference(
        KIND, tuple(axes), {name: values}, mask, {name: error}, {name: values[every_other]}, coarse, {name: order}
    )


def _solve_on(equations: Equations, mesh: Any, points: Array, check: bool) -> Array:
    """The solution on one mesh, at points (N, d). With `check` Unsupported is raised for a singular matrix."""
    from skfem import Basis, ElementTetP2, ElementTriP2

    element = ElementTriP2() if len(points.T) == 2 else ElementTetP2()
    basis = Basis(mesh, element, intorder=5)
    problem = _Assembly(equations, basis)
    matrix, rhs = problem.volume()
    matrix, rhs, fixed, known = problem.boundary(matrix, rhs)
    free = np.setdiff1d(np.arange(basis.N), fixed)
    solution = np.zeros(basis.N, matrix.dtype)
    solution[fixed] = known
    reduced = csr_array(matrix)[free]
    factors = Factors(csr_array(reduced[:, free]))
    if check and factors.condition() > SINGULAR:
        raise Unsupported("the discrete equations are singular: the solution is fixed only up to a constant")
    solution[free] = factors.solve((rhs - matrix @ solution)[free])
    return _probe(basis, points) @ solution


class _Assembly:
    """The matrix and the right-hand side of the weak form on one basis."""

    def __init__(self, equations: Equations, basis: Any):
        self.equations, self.basis = equations, basis
        self.dtype = complex if equations.complex else float
        self.coefficients = Coefficients(equations.space, equations.fields)
        self.forms = [weak_form(e.expr, e.text, equations.lowering, equations.space) for e in equations.volume]

    def _fluxes(self, points: Array) -> tuple[Array, Array, Array]:
        """A (d, d, N), b (d, N) and g (d, N) of the equations that hold at points (N, d)."""
        dim = len(points.T)
        tensor, vector, known = (np.zeros((*shape, len(points)), self.dtype) for shape in ((dim, dim), (dim,), (dim,)))
        for equation, form in zip(self.equations.volume, self.forms, strict=True):
            here = self._holds(equation, points)
            for k, flux in enumerate(form.fluxes):
                tensor[k][:, here], vector[k, here], known[k, here] = self.coefficients(flux, points[here])
        return tensor, vector, known

    def _rest(self, points: Array) -> tuple[Array, Array, Array]:
        """c (d, N), d (N,) and -f (N,) of the equations that hold at points (N, d)."""
        gradient, value, known = (np.zeros((*shape, len(points)), self.dtype) for shape in ((len(points.T),), (), ()))
        for equation, form in zip(self.equations.volume, self.forms, strict=True):
            here = self._holds(equation, points)
            gradient[:, here], value[here], known[here] = self.coefficients(form.rest, points[here])
        return gradient, value, known

    def _holds(self, equation: Equation, points: Array) -> Array:
        """At which points an equation holds; curved elements may reach a little beyond the region."""
        if len(self.equations.volume) == 1:
            return np.arange(len(points))
        mesh = isinstance(equation.region, Mesh)
        return np.flatnonzero(equation.region.contains(points, None if mesh else 1e-4 * equation.region.size))

    def volume(self) -> tuple[csr_array, Array]:
        from skfem import BilinearForm, LinearForm

        where = self.basis.global_coordinates().value
        points, shape = where.reshape(len(where), -1).T, where.shape[1:]
        tensor, vector, known = (each.reshape(*each.shape[:-1], *shape) for each in self._fluxes(points))
        gradient, value, source = (each.reshape(*each.shape[:-1], *shape) for each in self._rest(points))

        def bilinear(u: Any, v: Any, w: Any) -> Array:
            flux = np.einsum("kj...,j...->k...", tensor, u.grad) + vector * u.value
            return -np.sum(flux * v.grad, axis=0) + (np.sum(gradient * u.grad, axis=0) + value * u.value) * v.value

        def linear(v: Any, w: Any) -> Array:
            return np.sum(known * v.grad, axis=0) - source * v.value

        return (
            csr_array(BilinearForm(bilinear, dtype=self.dtype).assemble(self.basis)),
            LinearForm(linear, dtype=self.dtype).assemble(self.basis),
        )

    def boundary(self, matrix: csr_array, rhs: Array) -> tuple[csr_array, Array, Array, Array]:
        """Fluxes go into the matrix and the right-hand side; given values come back as (numbers, values)."""
        facets = self.basis.mesh.boundary_facets()
        taken = np.zeros(len(facets), bool)
        terms = [self.equations.term(equation) for equation in self.equations.faces]
        flat = [any(any(leaf.index) for leaf in term.leaves) for term in terms]
        fixed: dict[int, complex] = {}
        for number in np.argsort(flat, kind="stable"):
            on = self._on(self.equations.faces[number].region, facets)
            if np.any(on & taken):
                raise Unsupported(f"{terms[number].text} is one condition too many on that part of the boundary")
            taken |= on
            chosen = facets[on]
            if not len(chosen):
                continue
            if flat[number]:
                more, known = self._flux(terms[number], chosen)
                matrix, rhs = matrix + more, rhs + known
            else:
                dofs = self.basis.get_dofs(chosen).all()
                _, value, known = self.coefficients(terms[number], self.basis.doflocs[:, dofs].T)
                fixed = dict(zip(dofs.tolist(), (-known / value).tolist(), strict=True)) | fixed
        if not np.all(taken):
            middle = self.basis.mesh.p[:, self.basis.mesh.facets[:, facets[~taken][0]]].mean(axis=1)
            raise Unsupported(f"no condition holds on the boundary near ({', '.join(f'{x:.3g}' for x in middle)})")
        numbers = np.array(sorted(fixed), int)
        return matrix, rhs, numbers, np.array([fixed[n] for n in numbers.tolist()], self.dtype)

    def _facet_basis(self, facets: Array) -> Any:
        from skfem import FacetBasis

        try:
            return FacetBasis(self.basis.mesh, self.basis.elem, facets=facets, intorder=5)
        except Exception as error:
            # scikit-fem raises nothing narrower where it cannot invert the map of a curved cell
            raise Unsupported(f"the mesh does not serve: {error}") from None

    def _on(self, region: Region, facets: Array) -> Array:
        """Which facets lie on a surface: all points of a quadrature in them, as nearly as a curved facet does."""
        basis = self._facet_basis(facets)
        where = basis.global_coordinates().value
        length = float(np.max(np.ptp(self.basis.mesh.p[:, self.basis.mesh.facets[:, facets]], axis=1)))
        on = region.contains(where.reshape(len(where), -1).T, 0.01 * length)
        return np.all(on.reshape(where.shape[1:]), axis=1)

    def _flux(self, term: Term, facets: Array) -> tuple[csr_array, Array]:
        """∫ F · n v ds, with the flux from a condition q · grad u + c u + s = 0 whose q is along n · A."""
        from skfem import BilinearForm, LinearForm

        basis = self._facet_basis(facets)
        where = basis.global_coordinates().value
        points, shape = where.reshape(len(where), -1).T, where.shape[1:]
        normals = np.broadcast_to(basis.normals, where.shape).reshape(len(where), -1)
        tensor, vector, known = self._fluxes(points)
        across = np.einsum("kn,kjn->jn", normals, tensor)
        along, value, source = self.coefficients(term, points, normals.T)
        share = np.sum(along * across.conj(), axis=0) / np.sum(np.abs(across) ** 2, axis=0)
        if not np.all(np.linalg.norm(along - share * across, axis=0) <= 1e-6 * np.linalg.norm(along, axis=0)):
            raise Unsupported(f"{term.text} has a derivative that is not the equation's flux")
        slope = (np.sum(normals * vector, axis=0) - value / share).reshape(shape)
        given = (np.sum(normals * known, axis=0) - source / share).reshape(shape)
        more = BilinearForm(lambda u, v, w: slope * u.value * v.value, dtype=self.dtype).assemble(basis)
        return csr_array(more), -LinearForm(lambda v, w: given * v.value, dtype=self.dtype).assemble(basis)


def _probe(basis: Any, points: Array) -> csr_array:
    """The matrix that takes the values of a basis to those at points (N, d)."""
    cells = locate(basis.mesh, points)
    if np.any(cells < 0):
        raise Unsupported("the mesh does not cover the region")
    local = local_coordinates(basis.mapping, points, cells)
    values = [basis.elem.gbasis(basis.mapping, local, k, tind=cells)[0].value.ravel() for k in range(basis.Nbfun)]
    rows = np.tile(np.arange(len(points)), basis.Nbfun)
    columns = basis.element_dofs[:, cells].ravel()
    return csr_array(coo_array((np.concatenate(values), (rows, columns)), shape=(len(points), basis.N)))
