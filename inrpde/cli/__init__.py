"""The command line: `main` parses the words, runs the command and turns every outcome into an exit status."""

import gc
import os
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress

from inrpde import deadline
from inrpde.cli.signals import interruptible, limit
from inrpde.cli.streams import put, streams, unicode_json
from inrpde.errors import InrpdeError, Interrupted, OutputError

STARTED = time.perf_counter()
"""When the process began, but for the start of Python itself: imports count towards a budget."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that `words` (default: those of the process) give, and return the exit status."""
    own = words is None
    started = STARTED if own else time.perf_counter()
    words = list(sys.argv[1:] if words is None else words)
    # filled by the parser, which may fail half way
    args = Namespace(json="--json" in words, started=started, own=own, quiet=False, journal=_unkept)
    with streams():
        code = _outcome(words, args)
        if own and deadline.running():  # a long call that was left would hold the process up
            with suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)
        if own:
            gc.freeze()  # or the interpreter looks through all that there is as it ends
        return code


def _outcome(words: Sequence[str], args: Namespace) -> int:
    try:
        with interruptible():
            return _run(words, args)
    except InrpdeError as error:
        if os.environ.get("INRPDE_DEBUG") == "1" and error.__cause__ is not None:
            raise
        error.where = _with_notes(error, error.where)
        return _fail(args, error.status, error.exit_code, error)
    except Interrupted as stop:
        said = InrpdeError("interrupted", signal.Signals(stop.number).name, stop.fix)
        return _fail(args, stop.status, stop.exit_code, said)
    except BrokenPipeError:  # whoever read the result has gone, and is not told so
        return OutputError.exit_code
    except Exception as error:
        if os.environ.get("INRPDE_DEBUG") == "1":
            raise
        what = f"an unexpected {type(error).__name__}: {error}"
        where = _with_notes(error, None)
        hint = "INRPDE_DEBUG=1 shows the traceback; please report it with the problem file"
        return _fail(args, InrpdeError.status, InrpdeError.exit_code, InrpdeError(what, where, hint))


def _run(words: Sequence[str], args: Namespace) -> int:
    from inrpde.cli.parser import build_parser

    parser = build_parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks how a line could go on
        from inrpde.cli.completion import complete

        complete(parser)
    parser.parse_args(words, args)
    if getattr(args, "log", None):
        from inrpde.cli.journal import Journal

        args.journal = Journal(args.log, words)
    if getattr(args, "time_limit", None):
        limit(args.time_limit - (time.perf_counter() - args.started))
    if getattr(args, "threads", None):
        os.environ.update(dict.fromkeys(_THREADS, str(args.threads)))  # read when numpy and torch are imported
    from inrpde.cli import commands

    return commands.run(args)


def _unkept(event: str, **facts: object) -> None:
    """The journal of a run without --log."""


def _fail(args: Namespace, status: str, code: int, error: InrpdeError) -> int:
    failure = {"problem": getattr(args, "problem", None), "status": status, "error": error.as_dict()}
    args.journal("result", report=failure)
    if args.json:
        import json

        try:
            put(json.dumps(failure, ensure_ascii=not unicode_json()))
            return code
        except (OSError, OutputError):
            pass  # stderr is left
    print(f"inrpde: {error}", file=sys.stderr)
    return code


def _with_notes(error: Exception, where: str | None) -> str | None:
    """Where an error is, with what was noted on its way."""
    return "; ".join([*([where] if where else []), *getattr(error, "__notes__", [])]) or None
