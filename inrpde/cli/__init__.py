"""The command line: `main` parses the words, runs the command and turns every outcome into an exit status."""

import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress

from inrpde import deadline
from inrpde.cli.signals import interruptible
from inrpde.errors import InrpdeError, Interrupted

STARTED = time.perf_counter()
"""When the process began, but for the start of Python itself: imports count towards a budget."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that `words` (default: those of the process) give, and return the exit status."""
    own = words is None
    words = list(sys.argv[1:] if words is None else words)
    args = Namespace(json="--json" in words)  # filled by the parser, which may fail half way
    code = _ended(words, args)
    if own and deadline.running():  # a long call that was left would hold the process up
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    return code


def _ended(words: Sequence[str], args: Namespace) -> int:
    try:
        with interruptible():
            return _run(words, args)
    except InrpdeError as error:
        return _fail(args, error.status, error.exit_code, error)
    except Interrupted as signal:
        return _fail(args, signal.status, signal.exit_code, InrpdeError("interrupted", fix=_resume(args)))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit does not fail again
        return 1
    except Exception as error:
        if os.environ.get("INRPDE_DEBUG") == "1":
            raise
        what = f"an unexpected {type(error).__name__}: {error}"
        hint = "INRPDE_DEBUG=1 shows the traceback; please report it with the problem file"
        return _fail(args, InrpdeError.status, InrpdeError.exit_code, InrpdeError(what, fix=hint))


def _run(words: Sequence[str], args: Namespace) -> int:
    from inrpde.cli.parser import build_parser

    build_parser().parse_args(words, args)
    if getattr(args, "threads", None):
        os.environ.update(dict.fromkeys(_THREADS, str(args.threads)))  # read when numpy and torch are imported
    from inrpde.cli import commands

    return commands.run(args)


def _fail(args: Namespace, status: str, code: int, error: InrpdeError) -> int:
    if args.json:
        import json

        failure = {"problem": getattr(args, "problem", None), "status": status, "error": error.as_dict()}
        print(json.dumps(failure, ensure_ascii=False))
    else:
        print(f"inrpde: {error}", file=sys.stderr)
    return code


def _resume(args: Namespace) -> str | None:
    solving = getattr(args, "command", None) == "solve"
    return "the same command with --resume goes on from the checkpoint" if solving else None
