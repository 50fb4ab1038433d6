"""The command line over the real pipeline: from a problem file to a checked file, a comparison and a page."""

import json
import signal
import subprocess
import sys

import pytest

from inrpde.cli import main


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """The file of a solved poisson, on a grid of 33 by 17 nodes."""
    output = tmp_path_factory.mktemp("journey") / "poisson.h5"
    assert main(["solve", "poisson", "-o", str(output), "--grid", "33x17", "--set", "reference.n=32", "--json"]) == 0
    return output


def test_a_file_is_as_good_as_itself(solved, capsys):
    assert main(["compare", str(solved), str(solved), "--json"]) == 0
    error = json.loads(capsys.readouterr().out)["fields"]["u"]
    assert (error["rel_l2"], error["max"], error["nodes"]) == (0.0, 0.0, 33 * 17)


def test_less_than_is_required_is_exit_5_with_a_file(capsys, tmp_path):
    output = tmp_path / "open.h5"
    file = tmp_path / "open.py"
    file.write_text(
        "from sympy import Eq, Interval\n"
        "from inrpde import On, Problem, Region, Space\n"
        'space = Space("x")\n'
        "(x,) = space.coords\n"
        'u = space.unknown("u")\n'
        "line = Region(space, Interval(0, 1))\n"
        "conditions = [On(line, Eq(u.diff(x, 2), 1)), On(line.face(x, 0), Eq(u, 0))]\n"
        'problem = Problem("open", unknowns=[u], conditions=conditions)\n'
    )
    words = ["solve", str(file), "-o", str(output), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["word"] == "unverified"
    assert main([*words, "--require", "plausible"]) == 5
    made = json.loads(capsys.readouterr().out)
    assert made["error"]["what"] == "the verdict is unverified, and plausible is required"
    assert made["next"]
    assert output.exists()
    assert main(["solve", "poisson", "-o", str(output), "--set", "reference.n=32", "--require", "verified"]) == 0


def test_the_reference_alone_is_close_to_the_solution(solved, capsys, tmp_path):
    output = tmp_path / "reference.h5"
    assert main(["reference", "poisson", "--n", "32", "-o", str(output)]) == 0
    assert "finite-difference" in capsys.readouterr().out
    assert main(["compare", str(solved), str(output), "--json"]) == 0
    assert 1e-8 < json.loads(capsys.readouterr().out)["fields"]["u"]["rel_l2"] < 1e-2
    assert main(["compare", str(solved), str(output)]) == 0
    assert "interpolated" in capsys.readouterr().out


def test_the_page_lies_beside_the_solution(solved, capsys):
    assert main(["report", str(solved)]) == 0
    page = solved.with_suffix(".html")
    assert capsys.readouterr().out == f"written: {page}\n"
    assert "poisson" in page.read_text()


@pytest.mark.parametrize("command", [["report", "{}"], ["compare", "{}", "{}"]])
def test_a_file_that_is_not_ours_is_exit_6(tmp_path, capsys, command):
    path = tmp_path / "other.h5"
    path.write_text("not HDF5")
    assert main([word.format(path) for word in command]) == 6
    assert "other.h5" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        ("poisson", ["poisson: linear, real, of order 2 (2 in x, 2 in y)", "unknowns: u", "   on omega: dimension 2"]),
        (
            "helmholtz",
            ["helmholtz: linear, complex, of order 2", "unknowns: u (complex)", "omega.boundary: dimension 1"],
        ),
    ],
)
def test_check_prints_the_compiled_form(capsys, problem, lines):
    assert main(["check", problem]) == 0
    out = capsys.readouterr().out
    for line in lines:
        assert line in out
    assert main(["check", problem, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["conditions"]) == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_the_process_is_its_exit_status(tmp_path, number, code):
    words = [sys.executable, "-m", "inrpde", "solve", "helmholtz", "--json", "-o", str(tmp_path / "out.h5")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert "compile" in process.stderr.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert json.loads(out)["status"] == "interrupted"
    assert "Traceback" not in err
    assert not (tmp_path / "out.h5").exists()
