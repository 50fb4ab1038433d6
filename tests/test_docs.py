"""The pages of docs/ as they stand there: each block of Python runs, each command line is run, or at least parsed.

The blocks of a page share a namespace and a folder. A block that begins with `# NAME.py` is that file, too. A block
`console` is run line by line; what it shows is compared but for numbers, and `…` stands for anything. In a block `sh`,
which installs or takes long, the options of `inrpde` are parsed; a block `py` needs another library, and is compiled. A
comment `<!-- check … -->` is Python that readers do not see; `page` is the text of the page.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import inrpde
from inrpde.cli import main
from inrpde.cli.parser import build_parser

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
ELSEWHERE = "extending.md"  # whose blocks are modules of their own: tests/test_extending.py
PAGES = {str(path.relative_to(DOCS)): path for path in sorted(DOCS.rglob("*.md")) if path.name != ELSEWHERE}
DEAR = {"howto/families.md"}
"""Pages that take more than ten seconds; tests/solvers/family solves families that are smaller."""
BLOCK = re.compile(r"(?ms)^(?:```(?P<kind>\w+)|<!-- (?P<hidden>check))\n(?P<text>.*?)^(?:```|-->)$")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?")
OTHERS = {"git", "make", "pip", "python", ".", "cd", "paraview", "gmsh"}
"""Commands of a block `sh` that are not ours."""


def blocks(page: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and first line of each block."""
    for found in BLOCK.finditer(page):
        yield found["kind"] or found["hidden"], found["text"], page.count("\n", 0, found.start("text"))


def run(text: str, names: dict, path: Path, line: int) -> None:
    """Python, with the page's own line numbers in tracebacks."""
    if file := re.match(r"# (\w+\.py)\n", text):
        Path(file[1]).write_text(text, encoding="utf-8")
    exec(compile("\n" * line + text, str(path), "exec"), names)


def talk(text: str, capsys: pytest.CaptureFixture) -> None:
    """Commands with what they print."""
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, flags=re.MULTILINE):
        program, *arguments = shlex.split(command, comments=True)
        assert program == "inrpde", f"{program} is not run: write it into a block `sh`"
        status = re.search(r"# exit status (\d+)", command)
        capsys.readouterr()
        assert main(arguments) == (int(status[1]) if status else 0), command
        printed = capsys.readouterr()
        told, at = plain(printed.err + printed.out), 0
        for part in plain(expected).split("…"):
            found = told.find(part.strip(), at)
            assert found >= 0, f"{command}\nprints no {part.strip()!r} in\n{told}"
            at = found + len(part.strip())


def plain(text: str) -> str:
    """Without what differs between machines: numbers, and where lines end."""
    return " ".join(NUMBER.sub("0", text).split())


def parse(text: str) -> None:
    for command in filter(None, re.sub(r"\\\n", " ", text).splitlines()):
        words = shlex.split(command, comments=True)
        if words and words[0] == "inrpde":
            build_parser().parse_args(words[1:])
        else:
            assert not words or words[0] in OTHERS, command


@pytest.mark.parametrize(
    "name", [pytest.param(page, marks=pytest.mark.slow) if page in DEAR else page for page in PAGES]
)
def test_blocks_do_what_the_page_says(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    page = PAGES[name].read_text(encoding="utf-8")
    names = {"__name__": "page", "page": page}
    for kind, text, line in blocks(page):
        if kind in ("python", "check"):
            run(text, names, PAGES[name], line)
        elif kind == "console":
            talk(text, capsys)
        elif kind == "sh":
            parse(text)
        elif kind == "py":
            compile("\n" * line + text, str(PAGES[name]), "exec")
        else:
            assert kind in ("text", "json", "toml"), f"{name}: a block of {kind}, which no test reads"


def test_every_public_name_has_a_heading_in_the_language():
    text = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "language").glob("*.md"))
    headings = {name for line in re.findall(r"^## (.*)$", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", line)}
    assert set(inrpde.__all__) <= headings


def test_what_is_wrong_on_a_page_fails_at_its_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = "# A page\n\n```python\nx = 1\n```\n\n<!-- check\nassert x == 2\n-->\n"
    assert list(blocks(page)) == [("python", "x = 1\n", 3), ("check", "assert x == 2\n", 7)]
    with pytest.raises(AssertionError) as error:
        run("assert 1 == 2\n", {}, Path("page.md"), 7)
    assert error.traceback[-1].lineno + 1 == 8
    talk("$ inrpde check none.py  # exit status 3\ninrpde: the file … be read: No such file\n", capsys)
    with pytest.raises(AssertionError, match="prints no 'can be read"):
        talk("$ inrpde check none.py  # exit status 3\ninrpde: the file … can be read: No such file\n", capsys)
    with pytest.raises(AssertionError):
        talk("$ inrpde check none.py\n", capsys)
    with pytest.raises(inrpde.errors.UsageError, match="--budgets"):
        parse("inrpde solve \\\n  plate.py --budgets 60\n")


def test_the_citation_names_this_version():
    assert f"\nversion: {inrpde.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
