"""Completion in shells, by argcomplete where that is installed: `eval "$(register-python-argcomplete inrpde)"`."""

from argparse import ArgumentParser, _SubParsersAction
from typing import Any

import argcomplete
from argcomplete.completers import FilesCompleter

from inrpde import plugins


def complete(parser: ArgumentParser) -> None:
    """Answer a shell that asks how its line goes on, and end the process; otherwise nothing happens."""
    for commands in (action for action in parser._actions if isinstance(action, _SubParsersAction)):
        for name, command in commands.choices.items():
            for action in command._actions:
                _complete_by(action, name)
    argcomplete.autocomplete(parser)


def _complete_by(action: Any, command: str) -> None:
    if action.dest == "problem":
        action.completer = _problems
    elif action.dest == "method":
        action.completer = _named("methods")
    elif command == "show" and action.dest == "name":
        action.completer = _named(*plugins.GROUPS)
    elif command == "list" and action.dest == "groups":
        action.completer = lambda **given: plugins.GROUPS


def _named(*groups: str) -> Any:
    return lambda **given: [name for group in groups for name in plugins.available(group)]


def _problems(prefix: str, **given: Any) -> list[str]:
    return [*plugins.available("problems"), *FilesCompleter(("py",))(prefix)]
