"""Errors in three parts: what is wrong, where in the user's own words, how to mend it."""


class InrpdeError(Exception):
    """An error that a user can cause and mend. `exit_code` and `status` are those of the command line."""

    exit_code = 1
    status = "failed"

    def __init__(self, what: str, where: str | None = None, fix: str | None = None):
        super().__init__(what, where, fix)
        self.what, self.where, self.fix = what, where, fix

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.fix:
            lines.append(f"  fix:   {self.fix}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, str | None]:
        return {"what": self.what, "where": self.where, "fix": self.fix}


class UsageError(InrpdeError):
    """A wrong option, setting or argument."""

    exit_code = 2


class ProblemError(InrpdeError):
    """The problem, or a file that it names, is wrong."""

    exit_code = 3
    status = "invalid"


class DivergedError(InrpdeError):
    """The solve ended without a usable answer."""

    exit_code = 4
    status = "diverged"


class ShortError(InrpdeError):
    """There is an answer, and less of it than was asked for: the tolerance or the verdict that is required."""

    exit_code = 5
    status = "tolerance"


class OutputError(InrpdeError):
    """Results could not be written or read."""

    exit_code = 6


class InrpdeWarning(UserWarning):
    """What is suspicious about a problem or its answer, but not wrong: what the command line prints as a warning."""


class Interrupted(KeyboardInterrupt):
    """A signal asked the program to end. As with KeyboardInterrupt, no `except Exception` swallows it.

    `fix` says how to go on, where there is something to go on from."""

    status = "interrupted"
    fix: str | None = None

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number
        self.exit_code = 128 + number
