"""Sphinx's settings for the site: `make docs`."""

import sys
from pathlib import Path

from inrpde import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "inrpde"
version = release = __version__
html_title = f"inrpde {__version__}"
html_theme = "furo"
html_show_copyright = html_show_sphinx = False
templates_path = exclude_patterns = []

extensions = ["myst_parser", "sphinx.ext.autodoc", "gallery_pages"]
html_static_path = ["_static"]
myst_heading_anchors = 3
default_role = "code"  # docstrings write names between single backticks
nitpicky = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # signatures as they are read, without the modules' paths
add_module_names = False
