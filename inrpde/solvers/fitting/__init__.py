"""The heads of a frozen body: of linear forms by one least-squares solve, of others by Newton's method."""

from inrpde.compiler.form import Form
from inrpde.solvers.bodies.plan import Fit
from inrpde.solvers.fitting import linear, newton


def fit_for(form: Form) -> tuple[Fit, str]:
    """The fit of a form, and the method whose fit it is."""
    return (linear.fit, "least-squares") if form.linear else (newton.fit, "newton")
