"""How many threads linear algebra uses: small factorisations run faster on one, and never wait for a busy machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import ThreadpoolController

WORTHWHILE = 4e10
"""Floating-point operations from which threads pay even where other work may hold them up."""
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
