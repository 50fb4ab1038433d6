"""The options of the command line. Nothing heavy is imported here: `inrpde --help` answers at once."""

import re
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from inrpde import __version__
from inrpde.config import SETTINGS
from inrpde.errors import UsageError

_EPILOG = """\
PROBLEM is a file, a file and a name in it (file.py:name), or the name of a plugin (inrpde list).
exit status: 0 ok; 2 usage; 3 the problem is wrong; 4 diverged; 5 --tol or --require not reached,
or what `verify` tried does not hold; 6 output;
129, 130, 143 interrupted
"""


class Parser(ArgumentParser):
    """An ArgumentParser that raises UsageError, with the nearest right word."""

    vocabulary: ClassVar[set[str]] = set()

    def __init__(self, **options: Any):
        super().__init__(allow_abbrev=False, formatter_class=RawDescriptionHelpFormatter, **options)
        self._negative_number_matcher = re.compile(r"-[\d.]")  # so that --times -1,0 is one: argparse knows -1 alone

    def add_argument(self, *names: str, **options: Any) -> Any:
        self.vocabulary.update(names)
        return super().add_argument(*names, **options)

    def error(self, message: str) -> NoReturn:
        wrong = [word for word in re.findall(r"[\w-]+", message.partition("(choose")[0]) if word not in self.vocabulary]
        near = [
            match for word in wrong for match in get_close_matches(word, self.vocabulary - set(wrong), n=1, cutoff=0.7)
        ]
        guess = f"did you mean {near[0]}? " if near else ""
        raise UsageError(message, self.prog, f"{guess}`{self.prog} --help` lists what there is")


def build_parser() -> Parser:
    """The parser of the whole command line; `command` names the command."""
    parser = Parser(prog="inrpde", description="Solve a PDE problem that a Python file declares.", epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"inrpde {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str, epilog: str = _EPILOG) -> Parser:
        Parser.vocabulary.add(name)
        made = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=epilog)
        made.add_argument("--json", action="store_true", help="print one JSON object")
        return made

    solve = command("solve", "solve a problem, check the answer and write it to HDF5", f"{_settings()}\n\n{_EPILOG}")
    _problem(solve)
    _output(
        solve, "the solution's file (default: NAME.h5 in this folder); beside it .wav, .png, .gif or .vtk, if so named"
    )
    _solving(solve)
    solve.add_argument("--resume", action="store_true", help="go on from the checkpoint of an interrupted solve")
    _clobber(solve)
    _told(solve)

    sweep = command(
        "sweep", "solve a problem at many values of its parameters, and write a table", f"{_settings()}\n\n{_EPILOG}"
    )
    _problem(sweep, "k=5:50:10", "values of a parameter: k=1,2,4, or k=5:50:10 for ten from 5 to 50; all combinations")
    sweep.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="of the table (CSV, HDF5) and the solutions (default: NAME_sweep here); the same command goes on in it",
    )
    where = sweep.add_mutually_exclusive_group()
    where.add_argument(
        "-j", "--processes", type=_whole("--processes", 1), metavar="N", help="at once (default: as there are cores)"
    )
    where.add_argument("--cluster", metavar="ADDRESS", help="of a Dask scheduler, whose workers solve: tcp://host:8786")
    _solving(sweep)
    _told(sweep)

    check = command("check", "validate and compile a problem, and print what was made of it")
    _problem(check)

    reference = command("reference", "solve a problem by the reference alone")
    _problem(reference)
    _output(reference, "the file to write (default: NAME_reference.h5 in this folder)")
    reference.add_argument("--n", type=_whole("--n", 4), metavar="N", help="cells on the longest side")
    _clobber(reference)
    _told(reference)

    verify = command("verify", "try a problem on known solutions and on planted errors", f"{_settings()}\n\n{_EPILOG}")
    _problem(verify)
    _set(verify)
    verify.add_argument(
        "--budget", type=_positive("--budget", "60"), metavar="SECONDS", help="for all that is tried (60)"
    )
    _seed(verify)
    verify.add_argument("--mutants", type=_whole("--mutants", 1), default=20, metavar="N", help="planted errors (20)")
    _told(verify)

    compare = command("compare", "the errors between the fields of two files, the second taken as right")
    compare.add_argument("first", type=Path, metavar="A.h5")
    compare.add_argument("second", type=Path, metavar="B.h5")

    report = command("report", "one self-contained HTML page about a solution")
    report.add_argument("solution", type=Path, metavar="OUT.h5")
    _output(report, "the page (default: OUT.html beside the solution)")
    _clobber(report)

    made = command("new", "write a problem file to begin with: it solves, and says how to change it")
    made.add_argument("name", metavar="NAME", help="of the problem; the file is NAME.py, which must not be there")

    show = command("show", "print the source of a problem, or of another plugin")
    show.add_argument("name", metavar="NAME", help="one that `inrpde list` shows")

    listed = command("list", "problems, methods and other plugins, and what failed to load")
    listed.add_argument(
        "groups",
        nargs="*",
        metavar="GROUP",
        help="problems, methods, …: all of it is loaded, and the settings shown that methods read",
    )

    command("doctor", "versions, threads, devices, optional packages, broken plugins; exit status 1 if any is broken")
    return parser


def _settings() -> str:
    lines = [
        f"  {setting.key:<18}{setting.help}" + ("" if setting.default is None else f" ({setting.default})")
        for setting in SETTINGS.values()
    ]
    return "\n".join(["settings, with their defaults (`inrpde list settings` has those of other packages):", *lines])


def _problem(parser: Parser, example: str = "k=20", text: str = "of the problem") -> None:
    parser.add_argument("problem", metavar="PROBLEM")
    parser.add_argument(
        "--param", type=_pair("--param", example), action="append", default=[], metavar="KEY=VALUE", help=text
    )


def _solving(parser: Parser) -> None:
    """How to solve: what `solve` and `sweep` share."""
    parser.add_argument("--method", default="auto", metavar="NAME", help="auto, or one that `inrpde list` shows")
    _set(parser)
    parser.add_argument("--grid", type=_shape, metavar="129x129", help="nodes of the written field in x, y, …")
    parser.add_argument("--times", type=_instants, metavar="0,0.5,1", help="times of the written field")
    parser.add_argument(
        "--tol", type=_positive("--tol", "1e-6"), metavar="ERROR", help="the estimated relative error to reach"
    )
    parser.add_argument(
        "--budget", type=_positive("--budget", "60"), metavar="SECONDS", help="for compile, solve and verify"
    )
    parser.add_argument(
        "--time-limit",
        type=_positive("--time-limit", "3600"),
        metavar="SECONDS",
        help="then stop as on SIGTERM: with a checkpoint to go on from",
    )
    _seed(parser)
    parser.add_argument(
        "--device", type=_device, default="cpu", help="cpu, cuda, cuda:1 or mps, for training by gradients"
    )
    parser.add_argument(
        "--threads", type=_whole("--threads", 1), metavar="N", help="of numpy and torch (default: theirs)"
    )
    parser.add_argument(
        "--reference", choices=("auto", "none"), default="auto", help="check against a reference (auto)"
    )
    parser.add_argument(
        "--require",
        choices=("verified", "plausible"),
        help="exit with 5 below that verdict; the answer is written",
    )


def _set(parser: Parser) -> None:
    parser.add_argument(
        "--set",
        type=_pair("--set", "solver.width=64"),
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting, see below",
    )


def _seed(parser: Parser) -> None:
    parser.add_argument("--seed", type=_whole("--seed", 0), default=0, metavar="N", help="of everything random (0)")


def _output(parser: Parser, text: str) -> None:
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=text)


def _clobber(parser: Parser) -> None:
    parser.add_argument("--no-clobber", action="store_true", help="replace nothing: what is there ends the command")


def _told(parser: Parser) -> None:
    parser.add_argument("--quiet", action="store_true", help="no progress and no warnings; errors and results alone")
    parser.add_argument(
        "--log", type=Path, metavar="RUN.jsonl", help="append progress, warnings and result, a JSON object a line"
    )


def _positive(option: str, example: str) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = _number(text)
        if value is None or value <= 0:
            raise UsageError(
                f"{option} takes a positive number, not {text!r}", f"{option} {text}", f"{option} {example}"
            )
        return value

    return parse


def _whole(option: str, low: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"\d+", text, re.ASCII) or int(text) < low:
            what = f"{option} takes a whole number of at least {low}, not {text!r}"
            raise UsageError(what, f"{option} {text}", f"{option} {max(low, 2)}")
        return int(text)

    return parse


def _pair(option: str, example: str) -> Callable[[str], tuple[str, str]]:
    def parse(text: str) -> tuple[str, str]:
        key, equals, value = text.partition("=")
        if not (key.strip() and equals and value.strip()):
            raise UsageError(f"{option} takes KEY=VALUE, not {text!r}", f"{option} {text}", f"{option} {example}")
        return key.strip(), value.strip()

    return parse


def _device(text: str) -> str:
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", text, re.ASCII):
        raise UsageError(f"there is no device {text!r}", f"--device {text}", "--device cpu, cuda, cuda:1 or mps")
    return text


def _shape(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)*", text, re.ASCII):
        what = f"--grid takes the numbers of nodes in x, y, …, not {text!r}"
        raise UsageError(what, f"--grid {text}", "--grid 129x65")
    return tuple(int(count) for count in text.split("x"))


def _instants(text: str) -> tuple[float, ...]:
    times = tuple(_number(word) for word in text.split(","))
    given = tuple(time for time in times if time is not None)
    if len(given) < len(times) or any(a >= b for a, b in pairwise(given)):
        raise UsageError(f"--times takes increasing numbers, not {text!r}", f"--times {text}", "--times 0,0.5,1")
    return given


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
