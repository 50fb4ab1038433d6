"""From the word on the command line to a Problem: a file, a file and a name in it, or a plugin's name."""

import hashlib
import inspect
import linecache
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.machinery import ModuleSpec
from importlib.util import decode_source, find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import walk_tb
from types import ModuleType, TracebackType
from typing import Any

from inrpde import plugins
from inrpde.declaration import Problem, paths
from inrpde.errors import InrpdeError, Interrupted, ProblemError, UsageError
from inrpde.parameters import parse_parameter


@dataclass(frozen=True)
class Source:
    """Where a problem came from: its file, the file's text, what was set, and the hashes of all that was read."""

    path: Path
    name: str
    text: str
    sha256: str
    parameters: Mapping[str, Any]
    data: Mapping[str, str]
    """SHA-256 of the data files that it read, by path."""
    spec: str
    """The word by which a command line names it, without a folder."""


def load_problem(spec: str, parameters: Mapping[str, Any]) -> tuple[Problem, Source]:
    """Run the problem file that `spec` names, with `parameters` for a problem that is a function: text is parsed by the
    type of the default, anything else taken as it is. The problem's `source` is the second of what is returned.

    Raises UsageError for an unknown plugin or parameter, ProblemError for whatever is wrong with the file.
    """
    module, name, path, content = _opened(spec)
    text = _decode(content, path)
    first = len(paths.opened)
    with _in_folder_of(path), _blaming(path):
        found = _pick(_execute(module, content, path), name, path)
        given = _parse_parameters(found, parameters, f"{path.name}:{name}")
        problem = found(**given) if callable(found) else found
    if not isinstance(problem, Problem):
        returned = " returned" if callable(found) else " is"
        raise ProblemError(
            f"{name}{returned} {type(problem).__name__}, not a Problem",
            f"{path.name}:{name}",
            "make it a Problem(…), or a function with default arguments that returns one",
        )
    data = {str(file): _sha256(_read(file)) for file in paths.opened[first:]}
    source = Source(path, name, text, _sha256(content), given, data, spec.rpartition("/")[2])
    object.__setattr__(problem, "source", source)
    return problem, source


def declared(spec: str, names: Iterable[str]) -> tuple[Path, str]:
    """The file that `spec` names and its SHA-256, once it has been run and takes parameters of these names; what it
    makes of their values is not seen. Raises as `load_problem` does."""
    module, name, path, content = _opened(spec)
    with _in_folder_of(path), _blaming(path):
        _known_parameters(_pick(_execute(module, content, path), name, path), names, f"{path.name}:{name}")
    return path, _sha256(content)


def _opened(spec: str) -> tuple[ModuleSpec, str, Path, bytes]:
    """The module to run, the name in it that is the problem, and its file with what that holds."""
    module, name = _locate(spec)
    path = Path(module.origin or spec).absolute()
    return module, name, path, _read(path)


def _locate(spec: str) -> tuple[ModuleSpec, str]:
    """The module to run and the name in it that is the problem."""
    file, colon, name = spec.rpartition(":")
    if not (colon and file.endswith(".py")):
        file, name = spec, "problem"
    if file.endswith(".py") or "/" in file or Path(file).is_file():
        module = spec_from_file_location(f"inrpde_problem_{Path(file).stem}", Path(file).absolute())
        if module is None:
            raise ProblemError("a problem file is Python, and ends in .py", spec, "inrpde solve my_problem.py")
        return module, name
    entry = plugins.find("problems", spec).entry
    try:
        found = find_spec(entry.module)
    except (Exception, SystemExit) as error:
        raise ProblemError(
            f"the problem {spec!r} cannot be loaded: {type(error).__name__}: {error}", entry.value, "mend that package"
        ) from error
    if found is None:
        raise ProblemError(f"the problem {spec!r} cannot be loaded", entry.value, "that module is not there")
    return found, entry.attr or "problem"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProblemError(
            f"the file cannot be read: {error.strerror}", str(path), "check the path; `inrpde list` shows the problems"
        ) from None


def _decode(content: bytes, path: Path) -> str:
    try:
        return decode_source(content)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ProblemError(f"the file is not Python text: {error}", path.name, "save it as UTF-8") from None


def _execute(spec: ModuleSpec, content: bytes, path: Path) -> ModuleType:
    """Run the module afresh; it stays in sys.modules, as dataclasses and pickles in it need that."""
    module = sys.modules[spec.name] = module_from_spec(spec)
    exec(compile(content, str(path), "exec"), module.__dict__)
    return module


def _pick(module: ModuleType, name: str, path: Path) -> Any:
    try:
        return getattr(module, name)
    except AttributeError:
        others = [key for key, value in vars(module).items() if isinstance(value, Problem)]
        hint = f" or ask for {path.name}:{others[0]}" if others else ""
        raise ProblemError(
            f"there is no {name!r} in the file", path.name, f"name it so: {name} = Problem(…){hint}"
        ) from None


def _parse_parameters(found: Any, given: Mapping[str, Any], where: str) -> dict[str, Any]:
    known = _known_parameters(found, given, where)
    return {
        key: parse_parameter(key, value, known[key].default, where) if isinstance(value, str) else value
        for key, value in given.items()
    }


def _known_parameters(found: Any, given: Iterable[str], where: str) -> Mapping[str, inspect.Parameter]:
    """Those of a problem that is a function. Raises UsageError for one that is given and is not among them."""
    known: Mapping[str, inspect.Parameter] = inspect.signature(found).parameters if callable(found) else {}
    for key in given:
        if not known:
            raise UsageError(f"the problem takes no parameters, and {key!r} was given", where, "leave --param out")
        if key not in known:
            nearest = get_close_matches(key, known, n=1, cutoff=0)[0]
            raise UsageError(
                f"there is no parameter {key!r}", where, f"did you mean {nearest}? All of them: {', '.join(known)}"
            )
    for key, parameter in known.items():
        if parameter.default is parameter.empty:
            raise ProblemError(f"the parameter {key!r} has no default", where, f"give it one: def problem({key}=1)")
    return known


@contextmanager
def _in_folder_of(path: Path) -> Iterator[None]:
    """Imports and data paths start from the file's folder; what the file prints must not mix with the results."""
    folder = str(path.parent)
    sys.path.insert(0, folder)
    try:
        with paths.at(path.parent), redirect_stdout(sys.stderr), _descriptor_to_stderr():
            yield
    finally:
        with suppress(ValueError):
            sys.path.remove(folder)


@contextmanager
def _descriptor_to_stderr() -> Iterator[None]:
    """What libraries print past Python goes to stderr too."""
    try:
        saved = os.dup(1)
    except OSError:  # there is no stdout
        yield
        return
    try:
        with suppress(OSError):
            os.dup2(2, 1)
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """Whatever is raised becomes an error that names the line of the file that it came from."""
    try:
        yield
    except (UsageError, Interrupted):
        raise
    except InrpdeError as error:
        place = _line(path, error.__traceback__)
        raise type(error)(error.what, "; ".join(filter(None, [error.where, place])), error.fix) from None
    except SyntaxError as error:
        line = f"{Path(error.filename or path).name}, line {error.lineno}: {(error.text or '').strip()}"
        raise ProblemError(f"the file is not valid Python: {error.msg}", line, "mend that line") from None
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        place = _line(path, error.__traceback__)
        what = f"the file raised {type(error).__name__}: {error}"
        fix = "run it with python to see the whole traceback"
        if isinstance(error, ModuleNotFoundError):
            fix = f"install what provides {error.name}, or put {error.name}.py beside the file"
        if isinstance(error, TypeError) and "ufunc" in str(error):
            fix = "numpy's functions take numbers: of coordinates and unknowns use sympy's (from sympy import sin)"
        raise ProblemError(what, place or path.name, fix) from error


def _line(path: Path, traceback: TracebackType | None) -> str | None:
    lines = [number for frame, number in walk_tb(traceback) if frame.f_code.co_filename == str(path)]
    return f"{path.name}, line {lines[-1]}: {linecache.getline(str(path), lines[-1]).strip()}" if lines else None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
