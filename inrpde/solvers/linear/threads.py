"""How many threads linear algebra uses: small factorisations run faster on one, and never wait for a busy machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from inrpde import deadline

Result = TypeVar("Result")
WORTHWHILE = 4e10
"""Floating-point operations from which threads pay even where other work may hold them up; chosen."""
LONG = 5e9
"""Floating-point operations of a factorisation, a few tenths of a second, from which it is waited for patiently;
chosen."""
_controller: list[ThreadpoolController] = []


@contextmanager
def sized(operations: float) -> Iterator[None]:
    """One BLAS thread for work of fewer operations than pay for more."""
    if operations >= WORTHWHILE:
        yield
        return
    if not _controller:
        _controller.append(ThreadpoolController())
    with _controller[0].limit(limits=1, user_api="blas"):
        yield


def waited(operations: float, call: Callable[..., Result], *args: Any, **options: Any) -> Result:
    """What a call of so many operations gives; neither a deadline nor a signal waits for one that is long."""
    return deadline.patiently(call, *args, **options) if operations > LONG else call(*args, **options)
