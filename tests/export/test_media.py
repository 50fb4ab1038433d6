"""Sounds, pictures and surfaces out of stored fields."""

import wave

import numpy as np
import pytest

from inrpde.errors import OutputError
from inrpde.export import Dataset, frames, sound, surface
from inrpde.sampling import grid_points


def test_a_sound_is_the_field_at_its_own_rate(tmp_path):
    times = np.arange(400) / 8000
    tone = 0.8 * np.sin(2 * np.pi * 440 * times)
    tone[7] = 1.7
    sound.write(tmp_path / "a.wav", Dataset("grid", ("s",), {"u": tone}, axes=(times,)))
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getparams()[:4] == (1, 2, 8000, 400)
        found = np.frombuffer(file.readframes(400), "<i2") / 32767
    np.testing.assert_allclose(found, np.clip(tone, -1, 1), atol=2e-5)


def pictures(values, times=None):
    x, y = (np.arange(n) / 8 for n in values.shape[:2])
    axes = (x, y) if times is None else (x, y, times)
    return Dataset("grid", ("x", "y", "t")[: len(axes)], {"u": values}, axes=axes, time=None if times is None else "t")


def test_a_picture_has_x_to_the_right_and_y_upwards(tmp_path):
    image = pytest.importorskip("matplotlib.image")
    values = np.zeros((6, 4))
    values[5, 3], values[0, 0] = 1.0, 0.5
    frames.write(tmp_path / "a.png", pictures(values))
    found = image.imread(tmp_path / "a.png")
    assert found.shape[:2] == (4, 6)
    np.testing.assert_allclose([found[0, 5, 0], found[3, 0, 1], found[1, 1, 2]], [1, 0.5, 0], atol=0.01)


def test_a_video_is_a_picture_for_each_time(tmp_path):
    image = pytest.importorskip("matplotlib.image")
    values = np.broadcast_to(np.linspace(0, 1, 3), (6, 4, 3))
    assert frames.write(tmp_path / "a.png", pictures(values, np.arange(3.0))) == tmp_path / "a_000.png"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_000.png", "a_001.png", "a_002.png"]
    assert image.imread(tmp_path / "a_001.png")[0, 0, 0] == pytest.approx(0.5, abs=0.01)


def test_values_beyond_brightness_are_scaled(tmp_path):
    image = pytest.importorskip("matplotlib.image")
    frames.write(tmp_path / "a.png", pictures(np.linspace(-10, 30, 24).reshape(6, 4)))
    found = image.imread(tmp_path / "a.png")
    assert (found[..., :3].min(), found[..., :3].max()) == (0, 1)


def ball(radius=0.5, n=41):
    axes = [np.linspace(-1, 1, n)] * 3
    values = np.linalg.norm(grid_points(axes), axis=1).reshape(n, n, n) - radius
    return Dataset("grid", ("x", "y", "z"), {"u": values}, axes=tuple(axes))


def test_a_surface_lies_where_the_field_vanishes(tmp_path):
    pytest.importorskip("skimage")
    meshio = pytest.importorskip("meshio")
    surface.write(tmp_path / "a.vtk", ball())
    mesh = meshio.read(tmp_path / "a.vtk")
    np.testing.assert_allclose(np.linalg.norm(mesh.points, axis=1), 0.5, atol=2e-3)
    a, b, c = (mesh.points[corner] for corner in mesh.cells_dict["triangle"].T)
    assert 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() == pytest.approx(np.pi, rel=1e-2)
    assert np.all(np.einsum("nk,nk->n", np.cross(b - a, c - a), a) >= 0), "normals point to where the field is positive"


def test_vtk_reads_a_surface(tmp_path):
    pytest.importorskip("skimage")
    legacy = pytest.importorskip("vtkmodules.vtkIOLegacy")
    surface.write(tmp_path / "a.vtk", ball())
    reader = legacy.vtkUnstructuredGridReader()
    reader.SetFileName(str(tmp_path / "a.vtk"))
    reader.Update()
    points, triangles = surface.zero_level(ball())
    found = reader.GetOutput()
    assert (found.GetNumberOfPoints(), found.GetNumberOfCells()) == (len(points), len(triangles))
    np.testing.assert_allclose(found.GetBounds(), [-0.5, 0.5] * 3, atol=1e-3)


class TestFilm:
    def test_all_times_are_in_one_file_that_begins_anew(self, tmp_path):
        colormaps, image = pytest.importorskip("matplotlib").colormaps, pytest.importorskip("PIL.Image")
        values = np.linspace(-10, 30, 72).reshape(6, 4, 3)
        assert frames.film(tmp_path / "a.gif", pictures(values, np.arange(3.0))) == tmp_path / "a.gif"
        with image.open(tmp_path / "a.gif") as found:
            assert (found.n_frames, found.info["loop"], found.info["duration"]) == (3, 0, frames.PAUSE)
            assert max(found.size) >= frames.WIDE
            seen = []
            for number in range(3):
                found.seek(number)
                seen.append(np.asarray(found.convert("RGB")).astype(int))
        lowest, highest = (np.array(colormaps["viridis"](end)[:3]) * 255 for end in (0.0, 1.0))
        assert np.abs(seen[0][-1, 0] - lowest).max() < 12  # x = y = 0 is below, on the left
        assert np.abs(seen[2][0, -1] - highest).max() < 12

    def test_one_time_is_no_film(self, tmp_path):
        with pytest.raises(OutputError, match="several times"):
            frames.film(tmp_path / "a.gif", pictures(np.zeros((6, 4))))


@pytest.mark.parametrize(("write", "name"), [(sound.write, "a.wav"), (frames.write, "a.png"), (surface.write, "a.vtk")])
def test_what_does_not_fit_is_refused(tmp_path, write, name):
    points = Dataset("points", ("x", "y"), {"u": np.zeros(3)}, points=np.zeros((3, 2)))
    with pytest.raises(OutputError, match=r"NAME\.h5"):
        write(tmp_path / name, points)
    assert not (tmp_path / name).exists()


def test_a_field_without_zero_has_no_surface(tmp_path):
    pytest.importorskip("skimage")
    with pytest.raises(OutputError, match="no zero"):
        surface.write(tmp_path / "a.vtk", ball(radius=-1.0))
