"""Plugins of inrpde, a module each."""
