"""What the command line says where a picture, sound or video cannot be had: what is wrong, where, how to mend it."""

import json
import sys
from importlib.util import find_spec

import pytest

from inrpde.cli import main


def needs(package):
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


@pytest.fixture
def wordy(tmp_path):
    """A folder of files that hold nothing but words."""
    for name in ("notes.png", "notes.wav", "notes.mp4"):
        (tmp_path / name).write_text("these are words")
    return tmp_path


@pytest.mark.parametrize(
    ("package", "problem", "parameter", "what"),
    [
        ("skimage", "image", "picture={}/notes.png", "is not a picture"),
        ("skimage", "image", "picture={}/gone.png", "there is no picture"),
        ("skimage", "image", "size=0", "cannot have the size 0"),
        ("skimage", "poisson_gradient", "picture={}/notes.png", "is not a picture"),
        ("skimage", "blend", "second={}/gone.png", "there is no picture"),
        ("skimage", "inpaint", "share=0", "no share of the pixels"),
        ("skimage", "inpaint", "prior=none", "there is no prior 'none'"),
        ("pygame", "audio", "file={}/notes.wav", "the recording cannot be read"),
        ("pygame", "audio", "file={}/gone.wav", "No such file"),
        ("pygame", "audio", "seconds=0", "cannot last 0"),
        ("av", "video", "clip={}/notes.mp4", "the video cannot be read"),
        ("av", "video", "clip={}/gone.mp4", "No such file"),
        ("av", "video", "frames=0", "cannot have frames=0"),
    ],
)
def test_each_is_an_error_in_three_parts(wordy, capsys, package, problem, parameter, what):
    needs(package)
    code = main(["solve", problem, "--param", parameter.format(wordy), "-o", str(wordy / "out.h5"), "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    assert code == 3
    assert what in error["what"]
    assert all(error[part] for part in ("where", "fix"))
    assert not (wordy / "out.h5").exists()


@pytest.mark.parametrize(("package", "problem", "named"), [("skimage", "image", "scikit-image"), ("av", "video", "av")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch, capsys, tmp_path, package, problem, named
):
    needs(package)
    for module in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, package, None)
    code = main(["solve", problem, "-o", str(tmp_path / "out.h5"), "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    assert code == 3
    assert named in error["what"]
    assert "inrpde[paper]" in error["fix"]
