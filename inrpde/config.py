"""The settings: every key that `--set`, `solve(settings=)` and `Problem(settings=)` know. A new one is one line.

Those of other packages (entry points `inrpde.settings`, each named as its keys begin) are looked for when they are set.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from inrpde.errors import InrpdeError, ProblemError, UsageError
from inrpde.setting import STAGES, Setting, one_of, optional, own, positive, switch, whole

SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        setting.key: setting
        for setting in (
            Setting("solver.width", None, optional(whole(most=10**5)), "features, or neurons a layer; none: chosen"),
            Setting("solver.layers", None, optional(whole(most=100)), "sine layers of the body; none: chosen"),
            Setting("solver.band", None, optional(positive), "half-width of the frequencies' band; none: scanned"),
            Setting("solver.points", None, optional(whole(most=10**8)), "points that are fitted; none: by the width"),
            Setting("solver.omega", None, optional(positive), "the paper's ω₀, training by gradients; none: chosen"),
            Setting("solver.activation", "sine", one_of("sine", "tanh", "relu"), "of a network that is trained"),
            Setting("solver.rate", None, optional(positive), "learning rate, when training by Adam; none: chosen"),
            Setting("solver.steps", None, optional(whole()), "steps, when training by gradients; none: chosen"),
            Setting("solver.batch", None, optional(whole()), "points a step, when training by gradients; none: chosen"),
            Setting("solver.compile", False, switch, "compile the loss by torch, when training by gradients"),
            Setting(
                "reference.n",
                None,
                optional(whole(4, 10**6)),
                "the reference's cells, longest side; none: chosen",
            ),
            Setting("check.points", 10_000, whole(most=10**7), "points on which an exact solution is compared"),
        )
    }
)


class Settings(Mapping[str, Any]):
    """A frozen mapping from every key to its value, of other packages' from those that are changed; `user` and `author`
    are the keys that each has changed: a default that is asked for is what happens anyway."""

    def __init__(self, values: Mapping[str, Any], author: Iterable[str] = (), user: Iterable[str] = ()):
        self._values = MappingProxyType(dict(values))
        self.author, self.user = frozenset(author), frozenset(user)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    @property
    def set(self) -> frozenset[str]:
        """The keys that the author or the user has changed."""
        return self.author | self.user

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __or__(self, values: Mapping[str, Any]) -> "Settings":
        return Settings({**self._values, **values}, self.author, self.user)

    def __repr__(self) -> str:
        return f"Settings({dict(self._values)})"


def resolve(author: Mapping[str, Any], user: Mapping[str, Any]) -> Settings:
    """The defaults, under the problem's own settings, under the user's.

    Values may be typed or text. A wrong key or value raises ProblemError where it is the author's, UsageError where it
    is the user's.
    """
    authors, users = _parsed(author, "Problem(settings=…)", ProblemError), _parsed(user, "--set", UsageError)
    defaults = {key: setting.default for key, setting in SETTINGS.items()}
    given = authors | users
    changed = {key for key, value in given.items() if value != known(key).default}
    values = defaults | {key: value for key, value in given.items() if key in changed or key in defaults}
    return Settings(values, changed & authors.keys() - users.keys(), changed & users.keys())


def known(key: str) -> Setting:
    """The setting of a key. Raises KeyError where there is none, UsageError where the package that has it cannot be
    loaded, or several have such keys."""
    if key in SETTINGS:
        return SETTINGS[key]
    from inrpde import plugins  # which reads what is installed: `inrpde --help` does not

    prefix = key.partition(".")[0]
    if prefix in STAGES or prefix not in plugins.available("settings"):
        raise KeyError(key)
    return {each.key: each for each in own(plugins.load("settings", prefix)).values()}[key]


def _every() -> list[str]:
    """All keys, of other packages those whose package can be loaded."""
    from inrpde import plugins

    found = list(SETTINGS)
    for plugin in plugins.available("settings").values():
        with suppress(InrpdeError):
            found += [each.key for each in own(plugin.load()).values()]
    return found


def _parsed(given: Mapping[str, Any], where: str, error: type[InrpdeError]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise error(f"settings must be a dict, not {given!r:.60}", where, 'settings={"solver.width": 64}')
    return {key: _parse(key, value, where, error) for key, value in given.items()}


def _parse(key: str, value: Any, where: str, error: type[InrpdeError]) -> Any:
    if not isinstance(key, str):
        raise error(f"the key {key!r} is no string", where, 'settings={"solver.width": 64}')
    try:
        setting = known(key)
    except KeyError:
        every = _every()
        nearest = get_close_matches(key, every, n=1, cutoff=0)[0]
        fix = f"did you mean {nearest}? All of them: {', '.join(every)}"
        raise error(f"there is no setting {key!r}", where, fix) from None
    try:
        return setting.parse(value)
    except (TypeError, ValueError, OverflowError):
        taken = f"{key} takes {setting.parse.__doc__} ({setting.help})"
        raise error(f"{key} cannot be {value!r}", where, taken) from None
