"""Makes terrain.h5 from the elevation model that matplotlib ships; needs scipy and matplotlib.

The sample, `jacksboro_fault_dem.npz`, shows the ridge at the Jacksboro fault in Tennessee; it comes with matplotlib,
under its licence. It is smoothed by a gaussian of 6 cells and scaled to [0, 1]; its cells are taken as square, and its
width as 1.
"""

from pathlib import Path

import h5py
import numpy as np
from matplotlib.cbook import get_sample_data
from scipy.ndimage import gaussian_filter

with get_sample_data("jacksboro_fault_dem.npz") as sample:
    metres = sample["elevation"][::-1].astype(float)  # the first row of the sample is the northern one
smooth = gaussian_filter(metres, 6)
elevation = (smooth - smooth.min()) / (smooth.max() - smooth.min())

rows, columns = elevation.shape
axes = {"y": np.arange(rows) / (columns - 1), "x": np.arange(columns) / (columns - 1)}
with h5py.File(Path(__file__).with_name("terrain.h5"), "w") as file:
    data = file.create_dataset(
        "elevation", data=elevation.astype(np.float32), chunks=elevation.shape, compression=9, shuffle=True
    )
    for k, (name, axis) in enumerate(axes.items()):
        file[name] = axis
        file[name].make_scale(name)
        data.dims[k].attach_scale(file[name])
