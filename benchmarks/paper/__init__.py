"""The paper's experiments, ours beside the authors' recipe for the same seconds: `python -m benchmarks.paper`.

A row of the table is a `Row`; a module's rows are listed in `ROWS`, and the modules in `__main__`.
"""
