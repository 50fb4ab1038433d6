"""What methods declare to read of the settings: what else the user sets is refused, the author a warning."""

import ast
import inspect
import time
from dataclasses import asdict, dataclass, replace

import numpy as np
import pytest
from sympy import Eq, Interval, exp, pi, sin

import inrpde
from inrpde import On, Points, Problem, Region, Space, config, plugins
from inrpde.cli import main
from inrpde.compiler import compile_problem
from inrpde.errors import UsageError
from inrpde.solvers import auto, least_squares, newton
from inrpde.solvers.contract.method import Clock, Context, read, reads
from inrpde.solvers.contract.options import Nothing, check_read, readers
from inrpde.solvers.contract.strategy import Claim, Role
from inrpde.solvers.descent import adam, gauss_newton, quasi_newton
from inrpde.solvers.loop import run
from inrpde.solvers.search import ladder
from inrpde.solvers.strategies import one_domain, sample_fit, signed_distance, training
from inrpde.solvers.training import trainer

line = Space("x")
(x,) = line.coords
u = line.unknown("u")
omega = Region(line, Interval(0, 1))
CHANGED = {
    "solver.width": 12, "solver.layers": 2, "solver.band": 4.0, "solver.points": 40, "solver.omega": 7.0,
    "solver.activation": "tanh", "solver.rate": 0.01, "solver.steps": 3, "solver.batch": 20, "solver.compile": True,
}  # fmt: skip
METHODS = {name: plugin.load() for name, plugin in plugins.available("methods").items() if name != "auto"}
EVERY = [(name, key) for name in METHODS for key in CHANGED]


def poisson(**more):
    return Problem("p", [u], [On(omega, Eq(-u.diff(x, 2), pi**2 * sin(pi * x))), On(omega.boundary, u)], **more)


def bent():
    return Problem("p", [u], [On(omega, u.diff(x, 2) - exp(u) + 1), On(omega.boundary, u)])


def context(settings, problem=None, author=None, **more):
    return Context(
        compile_problem(problem or poisson()), config.resolve(author or {}, settings), 0, Clock(None), **more
    )


def test_every_setting_of_a_solver_is_changed_here():
    assert set(CHANGED) == {key for key in config.SETTINGS if key.startswith("solver.")} == read(auto.solve)
    assert all(CHANGED[key] != config.SETTINGS[key].default for key in CHANGED)


@pytest.mark.parametrize(("name", "key"), EVERY)
def test_a_setting_is_read_or_refused(name, key):
    method, chosen = METHODS[name], config.resolve({}, {key: CHANGED[key]})
    if key in read(method):
        check_read(name, read(method), chosen, pytest.fail)
        options, before = (
            asdict(replace(context({}), settings=settings, declared=method.options).options)
            for settings in (chosen, config.resolve({}, {}))
        )
        assert {k: v for k, v in options.items() if before[k] != v} == {key.removeprefix("solver."): CHANGED[key]}
    else:
        with pytest.raises(UsageError) as caught:
            check_read(name, read(method), chosen, pytest.fail)
        assert caught.value.what == f"{key} is not read by {name}"
        assert caught.value.where == f"--set {key}"
        assert all(reader in caught.value.fix for reader in readers(key))
        assert f"--method {readers(key)[0]}" in caught.value.fix


@pytest.mark.parametrize(
    ("module", "declared"),
    [
        ((gauss_newton,), {"gauss-newton"}), ((adam, trainer), {"adam"}),
        ((quasi_newton, trainer), {"lbfgs", "broyden"}),
    ],
)  # fmt: skip
def test_what_is_declared_is_what_the_code_asks_for(module, declared):
    """No field that nothing reads, and none that is read and not declared."""
    asked = set()
    for each in module:
        for node in ast.walk(ast.parse(inspect.getsource(each))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("options", "context.options"):
                asked.add(f"solver.{node.attr}")
    assert all(read(METHODS[name]) == asked for name in declared)


@pytest.mark.parametrize("key", sorted(read(least_squares.solve)))
@pytest.mark.parametrize("made", [poisson, bent])
def test_every_option_of_the_frozen_body_changes_it(made, key):
    method, at = least_squares if made is poisson else newton, np.linspace(0, 1, 7)[:, None]
    columns = [
        next(method.solve(context(settings, made()))).state.trials[0].jets(at, [(0,)])[0,]
        for settings in ({}, {key: CHANGED[key]})
    ]
    assert not np.array_equal(*columns)


# -- messages


def test_the_message_names_the_setting_the_method_and_those_that_read_it():
    with pytest.raises(UsageError) as caught:
        inrpde.solve(poisson(), method="least-squares", settings={"solver.rate": 9})
    error = caught.value
    assert error.what == "solver.rate is not read by least-squares"
    assert (error.where, error.fix) == ("--set solver.rate", "adam reads it: --method adam")


def test_several_at_once_are_told_by_those_that_read_them():
    with pytest.raises(UsageError) as caught:
        inrpde.solve(poisson(), method="newton", settings={"solver.rate": 9, "solver.points": 7, "solver.steps": 2})
    assert caught.value.what == "solver.points, solver.rate and solver.steps are not read by newton"
    assert caught.value.fix == (
        "adam, broyden, gauss-newton and lbfgs read solver.points and solver.steps: --method adam; "
        "adam reads solver.rate: --method adam"
    )


def test_what_the_author_has_set_is_a_warning_and_the_users_word_takes_it_back():
    problem = poisson(settings={"solver.rate": 0.1, "solver.width": 20})
    warnings = inrpde.solve(problem, method="least-squares", reference="none").report["warnings"]
    told = "solver.rate is set by the problem and not read by least-squares; adam reads it: --method adam"
    assert told in warnings
    quiet = {"solver.rate": "none"}
    warnings = inrpde.solve(problem, method="least-squares", reference="none", settings=quiet).report["warnings"]
    assert not any("solver." in warning for warning in warnings)


def test_a_default_that_is_asked_for_and_settings_of_other_stages_are_no_trouble():
    settings = {"solver.activation": "sine", "solver.compile": "false", "reference.n": 32, "check.points": 100}
    assert not config.resolve({}, settings).user & read(auto.solve)
    check_read("least-squares", read(least_squares.solve), config.resolve({}, settings), pytest.fail)


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        (["--set", "solver.rate=9"], "solver.rate is not read by cells and one domain", "adam reads it: --method adam"),
        (
            ["--method", "adam", "--set", "solver.band=3"],
            "solver.band is not read by adam",
            "least-squares and newton read it: --method least-squares",
        ),
    ],
)
def test_the_command_line_refuses_it(arguments, what, fix, tmp_path, capsys):
    assert main(["solve", "poisson", "-o", str(tmp_path / "p.h5"), *arguments]) == 2
    said = capsys.readouterr().err
    assert what in said
    assert fix in said
    assert not list(tmp_path.iterdir())


# -- auto


@pytest.mark.parametrize("key", sorted(set(CHANGED) - read(least_squares.solve) - {"solver.activation"}))
def test_auto_refuses_what_nothing_that_fits_the_form_reads(key):
    for problem in (poisson(), bent()):
        with pytest.raises(UsageError, match=f"{key} is not read by cells and one domain, which auto takes here"):
            next(auto.solve(context({key: CHANGED[key]}, problem)))


def test_auto_takes_another_method_where_the_form_leaves_a_choice():
    rough = Problem("p", [u], [On(omega, u.diff(x) - exp(-u), norm=1), On(omega.face(x, 0), u)])
    for settings, problem in (({"solver.rate": 0.1}, rough), ({"solver.activation": "tanh"}, poisson())):
        assert auto.chosen(compile_problem(problem), config.resolve({}, settings)).main == [training]
    with pytest.raises(UsageError, match=r"solver.band is not read by training"):
        next(auto.solve(context({"solver.activation": "tanh", "solver.band": 3})))


@pytest.mark.parametrize("key", sorted(read(least_squares.solve)))
@pytest.mark.parametrize("by", ["user", "author"])
def test_what_is_set_binds_one_domain_and_auto_says_so(key, by):
    told, given = [], {key: 40 if key == "solver.width" else CHANGED[key]}
    settings, author = (given, {}) if by == "user" else ({}, given)
    run(auto.solve, context(settings, author=author, tell=told.append))
    assert told[0] == f"{key} binds one domain"
    choice = auto.chosen(compile_problem(poisson()), config.resolve(author, settings))
    assert {s.NAME: why for s, why in choice.others}["cells"] == f"it does not read {key}"


@pytest.mark.parametrize(("key", "follows"), [("solver.width", True), ("solver.band", False), ("solver.layers", False)])
def test_gauss_newton_follows_where_it_reads_what_is_set(key, follows, monkeypatch):
    found = []
    monkeypatch.setattr(ladder, "last", lambda context, each: found.append(context) or iter(()))
    monkeypatch.setattr(ladder, "POOR", 0.0)
    list(auto.solve(context({key: CHANGED[key]})))
    assert bool(found) is follows


@pytest.mark.parametrize(("method", "other"), [(least_squares, sample_fit), (newton, signed_distance)])
def test_a_body_that_is_given_is_one_domain_however_many_samples_there_are(method, other, small, monkeypatch):
    monkeypatch.setattr(other, "serves", lambda form: Claim(Role.ALONE, "many"))
    monkeypatch.setattr(one_domain, "FEW", 100)
    found = next(method.solve(context({"solver.width": 30}, small.regression())))
    assert found.state.width == 30


SAMPLES = np.linspace(0, 1, 8000)[:, None]


def sampled(*more, norm=2):
    """8000 readings, alone or beside an equation."""
    readings = Points(line, SAMPLES, {"f": SAMPLES[:, 0]})
    return Problem("p", [u], [On(readings, Eq(u, readings["f"])), *more])


@pytest.mark.parametrize("more", [(), (On(omega, u.diff(x) ** 2 - 1, norm=1),)], ids=["sample fit", "signed distance"])
def test_what_an_author_sets_for_one_method_leaves_the_choice_as_it_was(more, request):
    form = compile_problem(sampled(*more))
    before = auto.chosen(form, config.resolve({}, {})).main
    assert before[0].NAME in request.node.callspec.id
    assert auto.chosen(form, config.resolve({"solver.omega": 12, "solver.batch": 100}, {})).main == before
    assert auto.chosen(form, config.resolve({}, {"solver.omega": 12})).main == [training]


def test_what_an_author_sets_for_others_does_not_unbind_what_the_user_sets():
    settings = config.resolve({"solver.steps": 9, "solver.rate": 0.1}, {"solver.width": 40})
    assert auto.chosen(compile_problem(poisson()), settings).main == [one_domain]


def test_methods_tell_what_binds_their_strategies_and_what_of_the_author_none_reads():
    told, warned = [], []
    next(least_squares.solve(context({"solver.width": 30}, sampled(), tell=told.append)))
    assert told == ["solver.width binds one domain"]
    next(least_squares.solve(context({}, sampled(), {"solver.band": 3, "solver.rate": 1}, warn=warned.append)))
    assert len(warned) == 1
    assert warned[0].startswith(
        "solver.band is set by the problem and not read by sample fit, which least-squares takes"
    )


# -- methods of other packages


def toy(context):
    yield replace(next(least_squares.solve(context)), method="toy", reason=repr(asdict(context.options)))


@dataclass(frozen=True)
class Options:
    width: int | None
    steps: int | None


def plugged(monkeypatch, method):
    """`toy` is installed."""
    found = plugins.available("methods")
    plugin = plugins.Plugin("methods", "toy", ())
    monkeypatch.setattr(plugins.Plugin, "load", lambda self: method if self.name == "toy" else self.entry.load())
    monkeypatch.setattr(plugins.Plugin, "package", "toys 1.0")
    monkeypatch.setattr(plugins, "available", lambda group: {**found, "toy": plugin} if group == "methods" else {})


def test_a_method_that_declares_nothing_gets_everything(monkeypatch):
    plugged(monkeypatch, toy)
    report = inrpde.solve(poisson(), method="toy", reference="none", settings=CHANGED).report
    assert not any("solver." in warning for warning in report["warnings"])
    read_by_it = ast.literal_eval(report["steps"][0]["reason"])
    assert read_by_it == {key.removeprefix("solver."): value for key, value in CHANGED.items()}
    assert not any("toy" in readers(key) for key in CHANGED)


def test_one_that_declares_its_options_is_treated_as_ours(monkeypatch):
    plugged(monkeypatch, reads(Options)(toy))
    settings = {"solver.width": 9, "solver.steps": 4}
    report = inrpde.solve(poisson(), method="toy", reference="none", settings=settings).report
    assert report["steps"][0]["reason"] == repr({"width": 9, "steps": 4})
    assert readers("solver.steps") == ["adam", "broyden", "gauss-newton", "lbfgs", "toy"]
    with pytest.raises(UsageError, match=r"solver.rate is not read by toy"):
        inrpde.solve(poisson(), method="toy", reference="none", settings={"solver.rate": 9})
    report = inrpde.solve(poisson(settings={"solver.rate": 9}), method="toy", reference="none").report
    assert any("not read by toy" in warning for warning in report["warnings"])


@pytest.mark.parametrize(("declared", "taken"), [(Options, 3), (Nothing, 1)])
def test_steps_that_are_asked_for_are_all_taken_by_a_method_that_reads_them(declared, taken):
    def thrice(context):
        yield from [replace(first, method="toy") for _ in range(3)]

    begun = context({}, author={"solver.steps": 3})
    first = next(least_squares.solve(begun))
    late = replace(begun, clock=Clock(None, time.perf_counter() - 1000))
    assert len(run(reads(declared)(thrice), late).steps) == taken
