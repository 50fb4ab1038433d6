"""`python -m inrpde`: the command line."""

import sys

from inrpde.cli import main

sys.exit(main())
