"""Problems, methods, references and exporters, found by entry points and imported when they are asked for.

A package adds one by an entry point in the group `inrpde.problems`, `inrpde.methods`, `inrpde.strategies`,
`inrpde.bodies`, `inrpde.references`, `inrpde.exporters` or `inrpde.settings`; what comes with inrpde is registered the
same way, but for the strategies of `auto`, which are listed in `solvers/auto.py`, the bodies, in `networks/stored.py`,
and the settings, in `config.py`.

Where several packages have one name, it is that of inrpde, if this has it, else nobody's; others are `PACKAGE:NAME`.
"""

import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, EntryPoint, EntryPoints, entry_points
from pathlib import Path
from typing import Any

from inrpde.errors import InrpdeError, UsageError
from inrpde.setting import unfit

GROUPS = ("problems", "methods", "strategies", "bodies", "references", "exporters", "settings")
ASKED = ("problems", "methods", "exporters", "settings")
"""Groups whose plugins are asked for by name; of others all are asked, each claim by itself."""
CALLS = {
    "methods": {"": "(context)"},
    "strategies": {"serves": "(form)"},
    "bodies": {"jets": "(self, points, indices)", "state": "(self)", "from_state": "(state)"},
    "references": {"supports": "(bound)", "solve": "(bound, n, *, budget, progress)"},
    "exporters": {"": "(path, dataset)"},
}
"""How what is loaded is called: it, or its attributes. (`inrpde.plugin` has the same as protocols.)"""


@dataclass(frozen=True)
class Plugin:
    """The claims of installed packages to one name in a group; a plugin that can be loaded has exactly one. `rivals`
    are those to the name of one that comes with inrpde, which has it."""

    group: str
    name: str
    claims: tuple[EntryPoint, ...]
    rivals: tuple[EntryPoint, ...] = ()

    @property
    def kind(self) -> str:
        return kind(self.group)

    @property
    def package(self) -> str:
        """The claiming distributions and their versions."""
        return " and ".join(_package(claim) for claim in self.claims)

    @property
    def ours(self) -> bool:
        """Does it come with inrpde?"""
        return any(map(_ours, self.claims))

    @property
    def file(self) -> Path:
        """The file of its module, which is not imported. Raises UsageError where there is none."""
        found = _located(self.entry.module)
        if found is None or not found.has_location or found.origin is None:
            where = f"{self.package} ({self.entry.value})"
            raise UsageError(f"the module of the {self.kind} {self.name!r} has no file", where, "mend that package")
        return Path(found.origin)

    @property
    def entry(self) -> EntryPoint:
        """The only claim. Raises UsageError, naming every distribution, when there are several."""
        if len(self.claims) > 1:
            raise UsageError(
                f"the {self.kind} {self.name!r} is claimed by {len(self.claims)} packages",
                " and ".join(f"{_package(claim)} ({claim.value})" for claim in self.claims),
                "uninstall one of them" if self.group == "settings" else f"say which: {self._qualified(self.claims)}",
            )
        return self.claims[0]

    @property
    def clash(self) -> str | None:
        """Which other packages have its name, and how they are asked for; None where none has."""
        if not self.rivals:
            return None
        theirs = " and ".join(map(_package, self.rivals))
        return f"{self.name} is the {self.kind} of {self.package}; that of {theirs} is {self._qualified(self.rivals)}"

    def _qualified(self, claims: Iterable[EntryPoint]) -> str:
        return " or ".join(dict.fromkeys(map(_qualified, claims)))

    def load(self) -> Any:
        """Import what the entry point names. Raises UsageError with the reason when that fails, or cannot be called as
        it will be."""
        entry = self.entry
        where = f"{self.package} ({entry.value})"
        try:
            made = entry.load()
        except InrpdeError:
            raise
        except (Exception, SystemExit) as error:
            what = f"the {self.kind} {self.name!r} cannot be loaded: {failed(error)}"
            raise UsageError(what, where, "mend or uninstall that package") from error
        flaw = unfit(entry.name, made) if self.group == "settings" else misfit(self.group, made)
        if flaw is not None:
            fix = "mend that package: inrpde.plugin has the protocols, and inrpde.testing what tries them"
            raise UsageError(f"the {self.kind} {self.name!r} cannot be used: {flaw}", where, fix)
        return made


def failed(error: BaseException) -> str:
    """How a plugin's exception is told: its type and its words."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def kind(group: str) -> str:
    """What one of a group is called."""
    return "body" if group == "bodies" else group.removesuffix("s")


def misfit(group: str, made: Any) -> str | None:
    """Why what was loaded cannot be called as one of its group is, with both signatures; None where it can."""
    for name, call in CALLS.get(group, {}).items():
        asked = getattr(made, name, None) if name else made
        if not callable(asked):
            return f"it has no {name}{call}" if name else f"it is {made!r:.60}, and is called as {kind(group)}{call}"
        positional, _, keywords = call.strip("()").partition(", *, ")
        try:
            taken = inspect.signature(asked)
            taken.bind(*positional.split(", "), **dict.fromkeys(filter(None, keywords.split(", "))))
        except TypeError:
            return f"it is called as {name or kind(group)}{call}, and takes {taken}"
        except ValueError:  # compiled code has no signature
            continue
    return None


def _claimed(group: str) -> EntryPoints:
    """The entry points of a group."""
    return _installed(tuple((place, _changed(place)) for place in sys.path)).select(group=f"inrpde.{group}")


@lru_cache(maxsize=4)
def _installed(places: tuple[tuple[str, int], ...]) -> Any:
    """All entry points of what is installed in some folders, each with the time when what lies in it changed: they are
    in a file for each distribution, and are asked for many times."""
    return entry_points()


def _changed(place: str) -> int:
    try:
        return Path(place).stat().st_mtime_ns
    except OSError:
        return 0


def in_turn(group: str) -> list[Plugin]:
    """A plugin for every claim, in the order in which they are asked: those that come with inrpde before all others."""
    every = [Plugin(group, claim.name, (claim,)) for claim in _claimed(group)]
    return sorted(every, key=lambda plugin: (not plugin.ours, plugin.name, plugin.package))


def available(group: str) -> dict[str, Plugin]:
    """The plugins of a group by name, sorted; none of them is imported. Of a name that several packages have, each is
    under `PACKAGE:NAME`; the name itself is that of inrpde, else, where plugins are asked for by name, a plugin that
    cannot be loaded and says so."""
    claims = defaultdict(list)
    for entry in _claimed(group):
        claims[entry.name].append(entry)
    found = dict[str, Plugin]()
    for name, every in claims.items():
        if len(every) == 1:
            found[name] = Plugin(group, name, tuple(every))
            continue
        ours, others = tuple(filter(_ours, every)), tuple(entry for entry in every if not _ours(entry))
        if ours or group in ASKED:
            found[name] = Plugin(group, name, ours or others, others if ours else ())
        if group != "settings":  # these are known by how their keys begin
            for full in dict.fromkeys(map(_qualified, others)):
                found[full] = Plugin(group, full, tuple(entry for entry in others if _qualified(entry) == full))
    return {name: found[name] for name in sorted(found)}


def get(group: str, name: str) -> Plugin | None:
    """The plugin of a name, or of a `PACKAGE:NAME`, whether or not another package has that name; None where there is
    none."""
    if ":" not in name:
        return available(group).get(name)
    package, _, bare = name.partition(":")
    full = f"{_normal(package)}:{bare}"
    claims = tuple(entry for entry in _claimed(group) if _qualified(entry) == full)
    return Plugin(group, full, claims) if claims else None


def find(group: str, name: str) -> Plugin:
    """The plugin of that name, not yet imported. Raises UsageError with those installed and the nearest name."""
    found = get(group, name)
    if found is not None:
        return found
    plugins = available(group)
    near = get_close_matches(name, plugins, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    raise UsageError(
        f"there is no {kind(group)} {name!r}",
        f"installed {group}: {', '.join(plugins) or 'none'}",
        f"{guess}`inrpde list` shows what is installed",
    )


def load(group: str, name: str) -> Any:
    """Import the plugin of that name. Raises UsageError when there is none, two, or it fails to import."""
    return find(group, name).load()


def _located(module: str) -> ModuleSpec | None:
    """Where a module lies, found without importing it or its packages: these may be heavy, or fail."""
    package = module.rpartition(".")[0]
    if not package:
        return PathFinder.find_spec(module)
    if package in sys.modules:
        return PathFinder.find_spec(module, getattr(sys.modules[package], "__path__", []))
    parent = _located(package)
    return parent and PathFinder.find_spec(module, parent.submodule_search_locations or [])


def _ours(entry: EntryPoint) -> bool:
    return entry.dist is not None and _distribution(entry.dist)[0] == "inrpde"


def _qualified(entry: EntryPoint) -> str:
    """The name with that of its package before it."""
    return f"{_normal(_distribution(entry.dist)[0] if entry.dist else 'nobody')}:{entry.name}"


def _normal(package: str) -> str:
    """A package's name as indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _package(entry: EntryPoint) -> str:
    return " ".join(_distribution(entry.dist)) if entry.dist else "a package without a name"


@lru_cache
def _distribution(dist: Distribution) -> tuple[str, str]:
    """Its name and version, for which all of its metadata, its readme too, are read."""
    return dist.name, dist.version
