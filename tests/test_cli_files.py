"""What a command line reads and leaves besides answers: new files, sources, lists, logs, and outputs that are there."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

from inrpde import loader
from inrpde.cli import main
from inrpde.cli.new import TEMPLATE

LINE = TEMPLATE.replace("@NAME@", "line")
FOLDER = """
    def write(path, made):
        path.mkdir()
        for name, values in made.fields.items():
            (path / name).write_text(str(values.size))
"""
FAST = ["--reference", "none", "--set", "solver.width=60"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "line.py").write_text(LINE, encoding="utf-8")
    return tmp_path


def run(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "inrpde", *words], capture_output=True, text=True, env={**os.environ, **environment}
    )


def test_a_new_file_solves_and_is_verified(here, capsys):
    assert main(["new", "mine"]) == 0
    assert "inrpde solve mine.py" in capsys.readouterr().out
    assert main(["solve", "mine.py", "--param", "loss=3", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["problem"], made["verdict"]["word"], made["warnings"]) == ("mine", "verified", [])


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("line", 6, "is not replaced"),
        ("line.py", 6, "is not replaced"),
        ("a/b", 6, "No such file"),
        ("3d", 2, "no name"),
        ("sympy", 2, "imported in its place"),
    ],
)
def test_a_new_file_takes_no_place_of_another(here, capsys, name, code, said):
    assert main(["new", name]) == code
    assert said in capsys.readouterr().err
    assert (here / "line.py").read_text(encoding="utf-8") == LINE
    assert [path.name for path in here.iterdir()] == ["line.py"]


def test_a_source_is_shown_as_it_is_and_none_is_run(capsys, install):
    assert main(["show", "poisson"]) == 0
    text = capsys.readouterr().out
    assert text == loader.load_problem("poisson", {})[1].text
    install("methods", "shaky", "1 / 0")
    assert main(["show", "shaky", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["kind"], shown["package"], shown["source"]) == ("method", "stranger-shaky 1.5", "1 / 0")
    assert main(["show", "poissn"]) == 2
    assert "did you mean poisson?" in capsys.readouterr().err


def test_a_list_runs_nothing_that_comes_with_inrpde():
    code = """
        import sys
        from inrpde.cli import main
        main(["list", "--json"])
        sys.exit(", ".join({"torch", "numpy", "sympy", "scipy", "h5py", "inrpde.loader"} & set(sys.modules)) or 0)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    entries = [entry for group in json.loads(done.stdout).values() for entry in group]
    assert [entry["name"] for entry in entries if not entry["about"] or entry["error"]] == []


def test_a_list_shows_what_is_wrong_with_other_packages(install, capsys):
    install("references", "shaky", "1 / 0")
    assert main(["list"]) == 0
    assert "shaky" in (out := capsys.readouterr().out)
    assert "ZeroDivisionError: division by zero [stranger-shaky 1.5" in out


def test_a_group_is_loaded_with_what_its_methods_read(capsys):
    assert main(["list", "methods", "--json"]) == 0
    listing = json.loads(capsys.readouterr().out)
    assert list(listing) == ["methods"]
    methods = {entry["name"]: entry for entry in listing["methods"]}
    assert methods["newton"]["reads"] == ["solver.band", "solver.layers", "solver.width"]
    assert "reads" not in methods["auto"]
    assert main(["list", "method"]) == 2
    assert "did you mean methods?" in capsys.readouterr().err


def test_a_log_has_all_that_is_told_and_the_runs_before(here, capsys):
    (here / "line.py").write_text(LINE.replace("On(right", "# On(right"), encoding="utf-8")
    assert main(["solve", "line.py", *FAST, "--quiet", "--log", "run.jsonl", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""  # no progress, and no word of the wall without a condition
    events = [json.loads(line) for line in (here / "run.jsonl").read_text(encoding="utf-8").splitlines()]
    assert events[0]["words"][:2] == ["solve", "line.py"]
    assert [event["stage"] for event in events if event["event"] == "progress"][:2] == ["compile", "solve"]
    assert any(event["note"].startswith("score ") for event in events if event["event"] == "progress")
    report = json.loads(out)
    assert [event["text"] for event in events if event["event"] == "warning"] == report["warnings"] != []
    assert (events[-1]["event"], events[-1]["report"]) == ("result", report)
    assert events == sorted(events, key=lambda event: event["seconds"])

    assert main(["solve", "line.py", "--method", "none", "--log", "run.jsonl"]) == 2
    lines = (here / "run.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines[: len(events)]] == events
    assert json.loads(lines[-1])["report"]["error"]["what"] == "there is no method 'none'"
    assert main(["solve", "line.py", "--log", "no/run.jsonl"]) == 6
    assert "the log cannot be written" in capsys.readouterr().err


def test_what_is_there_is_named_or_ends_the_command_before_the_solve(here, capsys, monkeypatch):
    (here / "line.h5").write_text("an answer")
    (here / "a_000.png").write_text("a picture")
    monkeypatch.setattr("inrpde.pipeline.run", lambda *given, **more: pytest.fail("it was solved"))
    assert main(["solve", "line.py", "--no-clobber"]) == 6
    assert "the output is there" in (err := capsys.readouterr().err)
    assert "where: line.h5" in err
    assert main(["solve", "line.py", "-o", "line.png", "--no-clobber"]) == 6  # the HDF5 file beside it
    assert main(["reference", "line.py", "-o", "line.h5", "--no-clobber"]) == 6
    assert main(["report", "line.h5", "-o", "line.h5"]) == 6  # a page does not take the answer's place
    assert main(["report", "line.h5", "-o", "line.py.html"]) == 6
    assert (here / "line.h5").read_text() == "an answer"
    monkeypatch.undo()
    monkeypatch.chdir(here)
    capsys.readouterr()
    assert main(["solve", "line.py", *FAST]) == 0
    assert "replaces line.h5, of 20" in capsys.readouterr().err
    assert main(["report", "line.h5", "--no-clobber"]) == 0
    assert main(["report", "line.h5", "--no-clobber"]) == 6


def test_an_output_that_is_a_folder_is_replaced_whole_and_never_takes_a_files_place(here, install, capsys):
    install("exporters", "parts", FOLDER, ":write")
    (here / "line.parts").mkdir()
    (here / "line.parts/old").write_text("")
    assert main(["solve", "line.py", *FAST, "-o", "line.parts", "--no-clobber"]) == 6
    assert main(["solve", "line.py", *FAST, "-o", "line.parts"]) == 0
    assert "replaces line.parts, of" in capsys.readouterr().err
    assert [path.name for path in (here / "line.parts").iterdir()] == ["u"]
    (here / "file.parts").write_text("mine")
    assert main(["solve", "line.py", *FAST, "-o", "file.parts"]) == 6
    assert "a file is there, and a folder would be written" in capsys.readouterr().err
    assert (here / "file.parts").read_text() == "mine"
    (here / "line.png").mkdir()
    assert main(["solve", "line.py", "-o", "line.png"]) == 6
    assert "the output is a folder" in capsys.readouterr().err
    assert {path.name for path in here.iterdir()} >= {"line.py", "line.parts", "line.h5", "file.parts", "line.png"}
    assert not [path.name for path in here.iterdir() if path.name.startswith(".")]


def test_an_ending_that_nothing_writes_ends_the_command_before_the_solve(here, capsys, monkeypatch):
    monkeypatch.setattr("inrpde.pipeline.run", lambda *given, **more: pytest.fail("it was solved"))
    assert main(["solve", "line.py", "-o", "line.docx"]) == 6
    assert "nothing writes files that end in .docx" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("inrpde so", {"solve"}),
        ("inrpde solve pois", {"poisson", "poisson_gradient", "poisson_laplacian"}),
        ("inrpde solve li", {"line.py"}),
        ("inrpde solve line.py --method lb", {"lbfgs"}),
        ("inrpde list ref", {"references"}),
    ],
)
def test_a_shell_is_told_how_its_line_goes_on(here, line, expected):
    pytest.importorskip("argcomplete")
    asked = {"COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_TYPE": "9", "_ARGCOMPLETE_IFS": "\n"}
    done = run(_ARGCOMPLETE="1", _ARGCOMPLETE_STDOUT_FILENAME=str(here / "found"), **asked)
    assert done.returncode == 0, done.stderr
    assert {word.strip() for word in (here / "found").read_text().split("\n")} == expected


def test_the_doctor_tells_what_there_is_and_what_to_mend(install, capsys):
    assert main(["doctor", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["status"] == "ok"
    assert {"python", "inrpde", "numpy", "torch"} <= made["versions"].keys()
    assert made["threads"]["processors"] >= 1
    assert "cpu" in made["devices"]
    assert {"matplotlib", "argcomplete"} <= {each["package"] for each in made["optional"]}
    install("methods", "shaky", "1 / 0", ":solve")
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "1 cannot" in out
    assert "the method 'shaky' cannot be loaded: ZeroDivisionError" in out
    assert "fix:   mend or uninstall that package" in out
