"""`inrpde list` and `inrpde show`: what is installed, as far as its text tells without running it.

What comes with inrpde is read and not imported, so that the list is there at once. What other packages add is loaded:
only that shows what is wrong with it. A group that is asked for by name is loaded all of it.
"""

import ast
import sys
from difflib import get_close_matches
from typing import Any

import inrpde.problems  # noqa: F401, a checkout's folder of problems is found once this is imported
from inrpde import plugins
from inrpde.errors import InrpdeError, UsageError
from inrpde.setting import own


def listing(groups: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The plugins of each group; all groups where none is named. Raises UsageError for what is no group."""
    for wrong in (group for group in groups if group not in plugins.GROUPS):
        near = get_close_matches(wrong, plugins.GROUPS, n=1, cutoff=0)[0]
        fix = f"did you mean {near}? All of them: {', '.join(plugins.GROUPS)}"
        raise UsageError(f"there is no group of plugins {wrong!r}", f"inrpde list {wrong}", fix)
    return {
        group: [described(plugin, bool(groups) or not plugin.ours) for plugin in plugins.available(group).values()]
        for group in groups or plugins.GROUPS
    }


def described(plugin: plugins.Plugin, loaded: bool) -> dict[str, Any]:
    """A plugin's entry: what its module says of itself and, of one that is loaded, why it cannot be used; of a method
    that declares its options, the settings that it reads; of settings, what they take; who else has its name."""
    about, failure, more = None, None, {"clash": plugin.clash} if plugin.clash else dict[str, Any]()
    try:
        if loaded:
            more |= _load(plugin)
            about = sys.modules[plugin.entry.module].__doc__
        else:
            about = ast.get_docstring(ast.parse(plugin.file.read_bytes()))
    except InrpdeError as error:
        failure = f"{error.what} [{error.where}]"
    first = (about or "").strip().partition("\n")[0]
    return {"name": plugin.name, "package": plugin.package, "about": first or None, "error": failure, **more}


def _load(plugin: plugins.Plugin) -> dict[str, Any]:
    """Declare a problem, import anything else; what is known of it then."""
    if plugin.group == "problems":
        from inrpde.loader import load_problem

        load_problem(plugin.name, {})
        return {}
    made = plugin.load()
    if plugin.group == "methods":
        from inrpde.solvers.contract.method import Reading, read

        return {"reads": sorted(read(made))} if isinstance(made, Reading) else {}
    if plugin.group == "settings":
        return {
            "keys": [
                {"key": each.key, "default": each.default, "takes": each.parse.__doc__, "help": each.help}
                for each in own(made).values()
            ]
        }
    return {}


def source(name: str) -> dict[str, Any]:
    """The text of a problem, or of another plugin of that name. Raises UsageError where there is none."""
    found = [plugin for group in plugins.GROUPS if (plugin := plugins.get(group, name)) is not None]
    plugin = found[0] if found else plugins.find("problems", name)
    path = plugin.file
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the {plugin.kind} {name!r} has no text to show: {error}", str(path), "look there") from None
    return {"name": name, "kind": plugin.kind, "package": plugin.package, "path": str(path), "source": text}
