"""What each plugin of the package promises, tried by inrpde's own kit, and what is particular to it."""

import json

import numpy as np
import pytest
from inrpde_example import netcdf, rff, volumes, zarr
from inrpde_example.gabor import Gabor
from scipy.io import netcdf_file

import inrpde
from inrpde.errors import UsageError
from inrpde.testing import check_body, check_exporter, check_method, check_reference


@pytest.mark.parametrize("rates", [0.0, 3.0])
def test_the_body(rates):
    rng = np.random.default_rng(0)
    body = Gabor(rng.normal(0, 5, (7, 2)), rng.random((7, 2)), rng.random((7, 2)), np.full(2, rates))
    check_body(body, dim=2, order=3)


@pytest.mark.parametrize("settings", [{}, {"rff.sigma": 3}, {"rff.window": 0.5}])
def test_the_method(settings):
    check_method(rff.solve, error=1e-6, settings=settings)


def test_settings_reach_it():
    reason = check_method(rff.solve, settings={"rff.sigma": "5", "solver.width": 200}).reason
    assert reason == "deviation 5"
    with pytest.raises(UsageError, match=r"did you mean rff.sigma"):
        inrpde.solve(inrpde.problem("ripple"), settings={"rff.sgima": 3})


def test_the_reference():
    assert check_reference(volumes, n=64).estimated_error["u"] < 1e-3
    assert check_reference(volumes, inrpde.problem("ripple"), n=64).estimated_error["u"] < 1e-2


def test_what_is_not_for_them():
    burgers = inrpde.problem("burgers")
    with pytest.raises(UsageError, match="linear"):
        inrpde.solve(burgers, method="rff")
    with pytest.raises(AssertionError, match=r"it refuses the problem .*one real equation"):
        check_reference(volumes, burgers)


def test_the_exporters(tmp_path):
    assert "grid of x, y, t; real" in check_exporter(netcdf.write, "cdf")
    assert "grid of x, y; complex" in check_exporter(zarr.write, "zarr")
    found = inrpde.solve(inrpde.problem("ripple"), method="rff", reference="none")
    found.save(tmp_path / "a.cdf")
    found.save(tmp_path / "a.zarr")
    with netcdf_file(tmp_path / "a.cdf", mmap=False) as file:
        x, y, u = (file.variables[name][:] for name in "xyu")
    assert np.allclose(u, np.sin(6 * x)[:, None] * np.cos(6 * y), atol=1e-4)
    about = json.loads((tmp_path / "a.zarr/u/zarr.json").read_text())
    stored = np.fromfile(tmp_path / "a.zarr/u/c/0/0").reshape(about["shape"])
    assert np.array_equal(stored, u)
    again = inrpde.load(tmp_path / "a.h5")
    at = np.random.default_rng(0).random((9, 2))
    assert np.array_equal(again(at)["u"], found(at)["u"])
