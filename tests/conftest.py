"""What all tests share: one thread each, and property tests that neither time out nor change from run to run."""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from hypothesis import settings  # noqa: E402, numpy reads the variables when it is imported

settings.register_profile("inrpde", deadline=None, derandomize=True)
settings.load_profile("inrpde")
