"""The walls of docs/architecture.md: imports go in the arrows' direction and never in a circle; modules stay small."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "inrpde"
EVERYWHERE = {"errors", "config", "plugins", "setting", "deadline"}
MAY_IMPORT = {
    "errors": set(),
    "deadline": set(),
    "setting": set(),
    "config": {"errors", "plugins", "setting"},
    "plugins": {"errors", "setting"},
    "declaration": set(),
    "data": {"declaration"},
    "compiler": {"declaration"},
    "resolution": {"declaration", "compiler"},
    "sampling": {"declaration", "compiler", "resolution"},
    "networks": {"declaration", "compiler", "sampling"},
    "discretise": {"declaration", "compiler", "resolution", "sampling", "networks"},
    "solvers": {"declaration", "compiler", "resolution", "sampling", "networks", "discretise"},
    "references": {"declaration", "compiler", "resolution"},
    "verification": {
        "declaration",
        "compiler",
        "resolution",
        "sampling",
        "networks",
        "discretise",
        "solvers",
        "references",
        "export",
    },
    "export": {"declaration"},
    "sweep": {"__version__", "export", "lock"},
    "planted": {
        "arguments",
        "declaration",
        "compiler",
        "sampling",
        "discretise",
        "references",
        "verification",
        "pipeline",
    },
}  # fmt: skip
HEAVY = {
    "declaration": {"torch", "matplotlib"},
    "compiler": {"torch"},
    "resolution": {"torch"},
    "sampling": {"torch"},
    "discretise": {"torch"},
    "references": {"torch"},
    "verification": {"torch"},
    "export": {"torch"},
    "cli": {"torch", "numpy", "sympy", "scipy", "h5py"},
}
LATE = {
    "inrpde.cli": "the command line answers --help, and errors in its words, without sympy",
    "inrpde.cli.commands": "each command imports what it needs",
    "inrpde.config": "what other packages have is read where a setting of theirs is given",
    "inrpde.cli.listing": "a plugin is loaded where that is asked for",
    "inrpde.solvers.descent.adam": "torch is imported when it trains",
    "inrpde.solvers.descent.quasi_newton": "torch is imported when it trains",
}
"""The modules that may import others of ours within functions, and why."""


def modules(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


@cache
def imported(path: Path) -> list[str]:
    """The absolute names of all that a module imports, within its functions too."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


OURS = {module(path): path for path in modules(PACKAGE)}


@cache
def loaded() -> dict[str, list[tuple[str, bool]]]:
    """Of each module of ours those that its code names to import, and whether within a function; not what types alone
    need."""
    return {name: list(loads(ast.parse(path.read_text()))) for name, path in OURS.items()}


def loads(node: ast.AST, late: bool = False) -> Iterator[tuple[str, bool]]:
    """Those that a node of a module's code names."""
    if isinstance(node, ast.ImportFrom):
        for alias in node.names:
            name = f"{node.module}.{alias.name}"
            yield (name if name in OURS else str(node.module)), late
    elif isinstance(node, ast.Import):
        yield from ((alias.name, late) for alias in node.names)
    late = late or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    types_alone = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    for child in node.orelse if types_alone else ast.iter_child_nodes(node):
        yield from ((name, within) for name, within in loads(child, late) if name in OURS)


def stage(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(PACKAGE), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_arrows(path):
    here = stage(path)
    names = imported(path)
    if here in MAY_IMPORT:
        allowed = {here} | MAY_IMPORT[here] | (EVERYWHERE if (PACKAGE / here).is_dir() else set())
        used = {name.split(".")[1] for name in names if name.startswith("inrpde.")}
        assert used <= allowed, f"{here} imports {used - allowed}"
    heavy = {name for name in names for banned in HEAVY.get(here, ()) if f"{name}.".startswith(f"{banned}.")}
    assert not heavy, f"{here} imports {heavy}"


@pytest.mark.parametrize(("here", "other"), [("checks", "evidence"), ("evidence", "checks")])
def test_checks_of_a_declaration_and_evidence_for_an_answer_are_apart(here, other):
    names = {name for path in modules(PACKAGE / "verification" / here) for name in imported(path)}
    assert not {name for name in names if name.startswith(f"inrpde.verification.{other}.")}


def test_no_imports_go_in_a_circle():
    graph = {name: {other for other, _ in names} for name, names in loaded().items()}
    assert "inrpde.declaration.regions.region" in graph["inrpde.declaration.regions.where"]
    assert "inrpde.pipeline" in graph["inrpde.cli.commands"]  # within functions, too
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_imports_within_functions_have_a_reason():
    late = {name for name, names in loaded().items() if any(within for _, within in names)}
    assert late == set(LATE)


def test_verification_takes_the_candidate_alone_from_the_solvers():
    names = {name for path in modules(PACKAGE / "verification") for name in imported(path) if ".solvers." in name}
    assert names <= {"inrpde.solvers.contract.method.Candidate"}


def judges() -> list[Path]:
    return [*modules(PACKAGE / "verification", PACKAGE / "references"), PACKAGE / "answer.py", PACKAGE / "pipeline.py"]


@pytest.mark.parametrize("path", judges(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_judges_reads_kinds_and_looks_for_no_words_in_a_text(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare):
            sought = isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
            assert not (sought and any(isinstance(op, ast.In | ast.NotIn) for op in node.ops)), ast.unparse(node)
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("startswith", "endswith", "removeprefix"), ast.unparse(node)


def test_references_take_the_bound_problem_alone_from_the_compiler():
    names = {name for path in modules(PACKAGE / "references") for name in imported(path) if ".compiler." in name}
    assert names == {"inrpde.compiler.Bound", "inrpde.compiler.bind.BoundCondition", "inrpde.compiler.bind.Unknown"}


def test_every_stage_has_its_wall():
    stages = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert stages - set(MAY_IMPORT) == {"cli", "problems"}


def test_only_networks_and_solvers_ever_import_torch():
    users = {stage(path) for path in modules(PACKAGE) if any(name.split(".")[0] == "torch" for name in imported(path))}
    assert users <= {"networks", "solvers", "pipeline"}


def test_torch_is_not_imported_before_it_is_needed():
    stages = [name for name in MAY_IMPORT if (PACKAGE / name / "__init__.py").exists() and name != "solvers"]
    lines = "; ".join(f"import inrpde.{name}" for name in stages)
    check = f"import sys; {lines}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check]).returncode == 0


@pytest.mark.parametrize(
    "path",
    modules(*(ROOT / folder for folder in ("inrpde", "problems", "tests", "benchmarks"))),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_modules_stay_small(path):
    assert len(path.read_text().splitlines()) < 500


# -- the floors of the solvers

ROOMS = {
    "contract": set(),
    "linear": set(),
    "bodies": set(),
    "fitting": {"bodies", "linear"},
    "scattered": {"linear"},
    "galerkin": {"contract", "linear"},
    "lines": {"contract", "galerkin", "linear"},
    "periodic": {"contract", "lines"},
    "search": {"contract", "bodies", "linear"},
    "inverse": {"contract", "bodies", "fitting", "linear", "search"},
    "family": {"contract", "bodies", "fitting", "linear", "search"},
    "joint": {"contract", "bodies", "fitting", "inverse", "linear", "search"},
    "marching": {"bodies", "search"},
    "training": {"contract", "fitting", "linear", "search"},
    "descent": {"contract", "bodies", "fitting", "linear", "search", "training"},
    "strategies": {"contract", "bodies", "linear", "search", "marching", "scattered", "descent"},
    "methods": {
        "contract", "bodies", "family", "fitting", "galerkin", "inverse", "joint", "lines", "periodic", "search",
        "strategies",
    },
}  # fmt: skip
"""The folders of solvers/ and what each may import; the files beside them are methods, and the loop round them."""
MOST, FLOORS = 8, 6
SOLVERS = PACKAGE / "solvers"


def room(parts: Sequence[str]) -> str:
    return parts[0] if parts and parts[0] in ROOMS else "methods"


@pytest.mark.parametrize("path", modules(SOLVERS), ids=lambda path: str(path.relative_to(SOLVERS)))
def test_solvers_import_what_lies_below_them(path):
    here = room(path.relative_to(SOLVERS).with_suffix("").parts)
    rooms = {room(name.split(".")[2:]) for name in imported(path) if "inrpde.solvers." in name}
    assert rooms - {here} <= ROOMS[here]


def test_the_rooms_of_the_solvers_are_few_floors_of_few_files():
    def floor(name: str) -> int:
        return 1 + max(map(floor, ROOMS[name]), default=0)

    assert max(map(floor, ROOMS)) <= FLOORS
    folders = [path for path in SOLVERS.iterdir() if path.is_dir() and any(path.glob("*.py"))]
    assert {path.name for path in folders} == ROOMS.keys() - {"methods"}
    for folder in (SOLVERS, *folders):
        assert len([path for path in folder.glob("*.py") if path.stem != "__init__"]) <= MOST


def test_every_module_of_the_solvers_has_its_mirror():
    """tests/solvers/FOLDER/test_NAME.py, or a name that says what several tests have in common."""
    expected = {path.relative_to(SOLVERS).with_name(f"test_{path.name}") for path in modules(SOLVERS)}
    there = {path.relative_to(ROOT / "tests/solvers") for path in modules(ROOT / "tests/solvers")}
    assert {path for path in expected if path.stem != "test___init__"} <= there
