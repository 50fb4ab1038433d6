"""What leaves the framework: the HDF5 file, pictures and the report."""

from inrpde.export.dataset import Dataset
from inrpde.export.hdf5 import read, write

__all__ = ["Dataset", "read", "write"]
