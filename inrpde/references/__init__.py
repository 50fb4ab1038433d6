"""The same declaration solved by classical methods, as evidence that shares nothing with the network after binding."""

from inrpde.references.reference import NoReference, Reference

__all__ = ["NoReference", "Reference"]
