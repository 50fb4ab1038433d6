"""Signals that arrive once there is an answer."""

from __future__ import annotations

import signal
from typing import Any

from inrpde.errors import InrpdeError, Interrupted


class Stops:
    """A signal that arrives once there is an answer ends the stage, not the run: what there is is written. The next
    signal ends the process."""

    number: int | None = None

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> bool:
        if isinstance(error, Interrupted):
            self.number = error.number
        return isinstance(error, Interrupted)


def interrupted(number: int, hint: str | None) -> dict[str, Any]:
    """What a report says of a run that a signal has ended; `hint` says how to go on."""
    error = InrpdeError(
        "interrupted: the answer was found and is written, its checks are not complete",
        signal.Signals(number).name,
        hint,
    )
    return {"status": Interrupted.status, "signal": number, "error": error.as_dict()}


def outstanding(hint: str | None) -> dict[str, Any]:
    """What a report says while the reference is computed, and for good where the process ends in that."""
    error = InrpdeError(
        "the answer was found and is written; the run ended before it was compared with a reference", "reference", hint
    )
    return {"status": Interrupted.status, "error": error.as_dict()}
