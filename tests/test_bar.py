"""A bar by tqdm where it is there, and the command line's lines where it is not."""

import sys

import pytest

from inrpde.bar import Bar, bar
from inrpde.cli.progress import Progress


def test_without_tqdm_progress_is_shown_as_on_the_command_line(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    shown = bar()
    assert isinstance(shown, Progress)
    shown("solve", 0.5, "800 features")
    shown.close()
    assert "800 features" in capsys.readouterr().err


class Recorded:
    """What a bar is told."""

    def __init__(self):
        self.n, self.said, self.closed = 0.0, [], False

    def set_description_str(self, text, refresh):
        self.description = text

    def set_postfix_str(self, text, refresh):
        self.postfix = text

    def refresh(self):
        self.said.append((self.description, self.n, self.postfix))

    def close(self):
        self.closed = True


def test_a_bar_shows_the_stage_what_is_done_and_the_note():
    inner = Recorded()
    shown = Bar(inner)
    shown("compile")
    shown("solve", 0.25, "800 features")
    shown("solve", 1.5)
    shown.close()
    assert inner.said == [("compile", 0.0, ""), ("solve", 0.25, "800 features"), ("solve", 1.0, "")]
    assert inner.closed


def test_tqdm_shows_it(capsys):
    pytest.importorskip("tqdm")
    shown = bar()
    assert isinstance(shown, Bar)
    shown("solve", 0.5, "800 features")
    shown.close()
    assert "solve" in capsys.readouterr().err
