"""The names that an answer's file adds to those of the problem, and which a problem's own must therefore not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inrpde.errors import ProblemError

REFERENCE, DIFFERENCE = "_reference", "_difference"
"""What is appended to an unknown's name for its reference, and for its difference from that."""
PARTS = ("_real", "_imag")
"""What is appended to a complex unknown's name for its parts in the file."""
OWN = ("mask", "point", "inrpde", "VTKHDF")
"""What lies beside the fields in the file."""


def check_names(unknowns: Mapping[str, bool], coords: Sequence[str], place: str) -> None:
    """Raise ProblemError for an unknown of a name that the answer's file gives to something else.

    `unknowns` says which of them are complex.
    """
    taken = dict.fromkeys(coords, "a coordinate") | dict.fromkeys(OWN, "a part of the file that holds the answer")
    for name, is_complex in unknowns.items():
        taken |= {name + REFERENCE: f"the reference for {name}", name + DIFFERENCE: f"its difference from {name}"}
        taken |= {name + part: f"a part of the complex {name}" for part in PARTS if is_complex}
    for name in unknowns:
        if name in taken:
            raise ProblemError(
                f"the unknown '{name}' has the name of {taken[name]}", place, f"rename the unknown: '{name}_' is free"
            )
