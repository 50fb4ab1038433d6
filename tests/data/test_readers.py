"""Recordings, videos and scans: what is read of good files, and what is said of bad ones."""

import wave

import meshio
import numpy as np
import pytest
from scipy.spatial import ConvexHull

from inrpde.data import packaged, read_audio, read_scan, read_video
from inrpde.data.scan import Scan, outwards, vertex_normals
from inrpde.declaration import paths
from inrpde.errors import ProblemError


def write_wav(path, values, width=2, rate=8000):
    """Integers (N, channels) of `width` bytes."""
    with wave.open(str(path), "wb") as file:
        file.setparams((values.shape[1], width, rate, 0, "NONE", ""))
        if width == 1:
            file.writeframes((values + 128).astype(np.uint8).tobytes())
        else:
            file.writeframes(values.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :width].tobytes())
    return path


def message(error):
    return f"{error.value.what} | {error.value.where} | {error.value.fix}"


class TestPackaged:
    def test_a_file_of_a_package_that_is_not_imported(self):
        assert packaged("numpy", "py.typed").is_file()

    def test_a_package_that_is_missing(self):
        with pytest.raises(ProblemError, match="scikit-nothing is not installed"):
            packaged("scikit-nothing", "a.png")

    def test_a_file_that_the_package_has_not(self):
        with pytest.raises(ProblemError, match="no such file"):
            packaged("numpy", "music.wav")


class TestAudio:
    @pytest.mark.parametrize("width", [1, 2, 3, 4])
    def test_samples_of_every_width(self, tmp_path, width):
        largest = 2 ** (8 * width - 1)
        whole = np.array([[0], [largest // 2], [-largest], [largest - 1]])
        found = read_audio(write_wav(tmp_path / "a.wav", whole, width))
        np.testing.assert_allclose(found.samples, [0, 0.5, -1, 1 - 1 / largest], atol=1e-15)
        np.testing.assert_array_equal(found.times, np.arange(4) / 8000)

    def test_the_start_of_one_channel_or_of_their_mean(self, tmp_path):
        path = write_wav(tmp_path / "a.wav", np.array([[8192, 0], [0, 8192], [8192, 8192]]))
        np.testing.assert_array_equal(read_audio(path).samples, [0.125, 0.125, 0.25])
        np.testing.assert_array_equal(read_audio(path, seconds=2 / 8000, channel=1).samples, [0, 0.25])

    def test_what_is_read_is_hashed_with_the_problem(self, tmp_path):
        path = write_wav(tmp_path / "a.wav", np.zeros((3, 1)))
        read_audio(path)
        assert paths.opened[-1] == path

    @pytest.mark.parametrize("content", [b"", b"RIFF", b"this is no recording, but text" * 9])
    def test_a_file_that_is_no_recording(self, tmp_path, content):
        (tmp_path / "a.wav").write_bytes(content)
        with pytest.raises(ProblemError, match="the recording cannot be read") as error:
            read_audio(tmp_path / "a.wav")
        assert "a.wav" in message(error)
        assert "WAV" in message(error)

    @pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
    def test_no_time_at_all(self, tmp_path, seconds):
        path = write_wav(tmp_path / "a.wav", np.zeros((3, 1)))
        with pytest.raises(ProblemError, match="cannot last"):
            read_audio(path, seconds)

    def test_a_file_that_is_missing_and_a_channel_that_is_not_there(self, tmp_path):
        with pytest.raises(ProblemError, match="No such file"):
            read_audio(tmp_path / "b.wav")
        with pytest.raises(ProblemError, match="no channel 1"):
            read_audio(write_wav(tmp_path / "a.wav", np.zeros((3, 1))), channel=1)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Six frames of 48 × 64 pixels, ever brighter, losslessly coded."""
    av = pytest.importorskip("av")
    path = tmp_path_factory.mktemp("video") / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "gray"
        for number in range(6):
            picture = np.full((48, 64), 40 * number, np.uint8)
            picture[:24, :32] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        container.mux(stream.encode())
    return path


class TestVideo:
    def test_grey_frames_and_their_places(self, clip):
        video = read_video(clip, frames=3, size=None, start=2)
        assert video.rate == 10
        np.testing.assert_allclose(video.frames[:, 40, 40] * 255, [80, 120, 160], atol=1)
        white = video.points[video.values > 0.99]
        assert white[:, 0].max() == (31 + 0.5) / 64
        assert white[:, 1].min() == pytest.approx(1 - (23 + 0.5) / 48)
        np.testing.assert_allclose(np.unique(white[:, 2]), [0, 0.1, 0.2])

    def test_the_middle_square_resized(self, clip):
        pytest.importorskip("skimage")
        video = read_video(clip, frames=1, size=16)
        assert video.frames.shape == (1, 16, 16)
        np.testing.assert_allclose(video.frames[0, :7, :7], 1, atol=0.01)

    @pytest.mark.parametrize("wrong", [{"frames": 0}, {"frames": 2.5}, {"size": 0}, {"size": True}, {"start": -3}])
    def test_numbers_that_are_none(self, clip, wrong):
        ((name, number),) = wrong.items()
        with pytest.raises(ProblemError, match=f"cannot have {name}={number}"):
            read_video(clip, **wrong)

    def test_too_few_frames(self, clip):
        with pytest.raises(ProblemError, match="6 frames, and 9"):
            read_video(clip, frames=9, size=None)

    def test_a_file_that_is_no_video(self, tmp_path, clip):
        (tmp_path / "a.mp4").write_bytes(b"not a video" * 50)
        with pytest.raises(ProblemError, match="the video cannot be read") as error:
            read_video(tmp_path / "a.mp4")
        assert "a.mp4" in message(error)
        with pytest.raises(ProblemError, match="No such file"):
            read_video(tmp_path / "b.mp4")
        with pytest.raises(ProblemError, match="no pictures"):
            read_video(write_wav(tmp_path / "a.wav", np.zeros((4000, 1))))


def sphere(n=40, inwards=False):
    """Points and triangles of an ellipsoid with the half axes 3, 2, 1, off the origin."""
    theta, phi = np.meshgrid(np.linspace(0, np.pi, n), np.linspace(0, 2 * np.pi, 2 * n), indexing="ij")
    unit = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    number = np.arange(2 * n * n).reshape(n, 2 * n)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    triangles = np.concatenate([np.stack(t, axis=-1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    axes = np.array([3.0, 2.0, 1.0])
    points = unit.reshape(-1, 3) * axes
    return points + 7, triangles[:, ::-1] if inwards else triangles, unit.reshape(-1, 3) / axes


class TestScan:
    @pytest.mark.parametrize("inwards", [False, True])
    def test_normals_from_triangles_point_outwards(self, inwards):
        points, triangles, normals = sphere(inwards=inwards)
        found = vertex_normals(points, outwards(points, triangles))
        inside = slice(80, -80)  # without the poles, where points coincide
        found, normals = (v[inside] / np.linalg.norm(v[inside], axis=1)[:, None] for v in (found, normals))
        cosine = np.einsum("nk,nk->n", found, normals)
        assert np.median(cosine) > 0.999
        assert cosine.min() > 0.95

    @pytest.mark.parametrize("kind", ["ply", "obj"])
    def test_a_surface_fits_the_cube(self, tmp_path, kind):
        points, triangles, _ = sphere()
        meshio.write(tmp_path / f"a.{kind}", meshio.Mesh(points, [("triangle", triangles)]))
        scan = read_scan(tmp_path / f"a.{kind}")
        half = np.abs(scan.points).max(axis=0)
        np.testing.assert_allclose(half, [0.7, 0.7 * 2 / 3, 0.7 / 3], rtol=1e-2)
        np.testing.assert_allclose(np.linalg.norm(scan.normals, axis=1), 1, rtol=1e-12)
        assert len(scan.thinned(100).points) == 100

    def test_points_are_spread_over_triangles(self):
        """A box: points lie on its faces in proportion to their area, normals point outwards."""
        half = np.array([1.0, 2.0, 3.0])
        corners = half * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        triangles = ConvexHull(corners).simplices
        areas = np.cross(*(corners[triangles[:, k]] - corners[triangles[:, 0]] for k in (1, 2)))
        outside = np.einsum("nk,nk->n", areas, corners[triangles].mean(axis=1)) < 0
        triangles[outside] = triangles[outside][:, ::-1]
        spread = Scan(corners, corners, triangles).spread(4000)
        face = np.argmax(np.abs(spread.normals), axis=1)
        np.testing.assert_allclose(np.einsum("nk,nk->n", spread.points, spread.normals), half[face], rtol=1e-12)
        shares = np.prod(half) / half / np.sum(np.prod(half) / half)
        np.testing.assert_allclose(np.bincount(face) / 4000, shares, atol=1e-3)
        inverted = outwards(corners, triangles[:, ::-1])
        np.testing.assert_array_equal(inverted, triangles)

    def test_normals_of_the_file_are_taken(self, tmp_path):
        points, _, normals = sphere(8)
        data = dict(zip(("nx", "ny", "nz"), normals.T, strict=True))
        cells = [("vertex", np.arange(len(points))[:, None])]
        meshio.write(tmp_path / "a.ply", meshio.Mesh(points, cells, point_data=data))
        found = read_scan(tmp_path / "a.ply").normals
        np.testing.assert_allclose(found, normals / np.linalg.norm(normals, axis=1, keepdims=True), atol=1e-12)

    def test_points_without_normals(self, tmp_path):
        points, _, _ = sphere(8)
        meshio.write(tmp_path / "a.ply", meshio.Mesh(points, [("vertex", np.arange(len(points))[:, None])]))
        with pytest.raises(ProblemError, match="neither normals nor triangles") as error:
            read_scan(tmp_path / "a.ply")
        assert "nx, ny, nz" in message(error)

    def test_a_file_that_is_no_surface(self, tmp_path):
        (tmp_path / "a.ply").write_text("no surface")
        with pytest.raises(ProblemError, match="the scan cannot be read"):
            read_scan(tmp_path / "a.ply")
        with pytest.raises(ProblemError, match="missing"):
            read_scan(tmp_path / "b.ply")
        (tmp_path / "a.gii.gz").write_bytes(b"no surface")
        with pytest.raises(ProblemError, match=r"cannot be read|nibabel"):
            read_scan(tmp_path / "a.gii.gz")

    def test_a_real_scan(self):
        pytest.importorskip("nibabel")
        pytest.importorskip("nilearn")
        scan = read_scan(packaged("nilearn", "datasets/data/fsaverage5/pial_left.gii.gz"))
        assert scan.points.shape == (10242, 3)
        assert np.mean(np.einsum("nk,nk->n", scan.points, scan.normals) > 0) > 0.6
