"""The other readers of the file, as fixtures: VTK's own and xarray's two."""

from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="session")
def by_vtk():
    """by_vtk(path, step=None): class, bounds, dimensions, number of cells, steps, time, and the point arrays."""
    hdf = pytest.importorskip("vtkmodules.vtkIOHDF")
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkObject

    def read(path, step=None):
        vtkObject.GlobalWarningDisplayOn()
        reader = hdf.vtkHDFReader()
        errors = []
        reader.AddObserver("ErrorEvent", lambda *_: errors.append("error"))
        reader.SetFileName(str(path))
        reader.UpdateInformation()
        if step is not None:
            reader.SetStep(step)
        reader.Update()
        output = reader.GetOutputDataObject(0)
        assert output is not None
        assert not errors
        table = output.GetClassName() == "vtkTable"
        data = output.GetRowData() if table else output.GetPointData()
        names = [data.GetArrayName(number) for number in range(data.GetNumberOfArrays())]
        return SimpleNamespace(
            kind=output.GetClassName(),
            steps=reader.GetNumberOfSteps(),
            time=reader.GetTimeValue(),
            arrays={name: vtk_to_numpy(data.GetArray(name)).copy() for name in names},
            bounds=None if table else np.array(output.GetBounds()),
            dimensions=output.GetDimensions() if output.GetClassName() == "vtkImageData" else None,
            cells=None if table else output.GetNumberOfCells(),
            object=output,
        )

    return read


@pytest.fixture(params=["h5netcdf", "netcdf4"])
def by_xarray(request):
    """by_xarray(path): the loaded xarray.Dataset, by either engine."""
    xarray = pytest.importorskip("xarray")
    pytest.importorskip({"h5netcdf": "h5netcdf", "netcdf4": "netCDF4"}[request.param])

    def read(path):
        with xarray.open_dataset(path, engine=request.param) as data:
            return data.load()

    return read
