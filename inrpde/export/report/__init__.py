"""One self-contained HTML page about a solution: how far to trust it, pictures, equations, how it was made.

`content` says what is on it, as plain data; the files beside this one are its template, style and script. Nothing is
fetched: pictures are within the page, mathematics is MathML, and the script, which moves the pictures through time, is
the only one that the page allows itself to run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from inrpde.errors import OutputError
from inrpde.export.dataset import Dataset
from inrpde.export.report.content import Page, content

HERE = Path(__file__).parent


def html(dataset: Dataset, report: Mapping[str, Any]) -> str:
    """The page for `dataset` and the JSON `report` of its solve; parts that the report does not have are left out.

    The dataset's attributes tell how it was made; `source` among them is the text of the problem file, and its private
    part holds the conditions (`inrpde.declared`). Without matplotlib the page says that it has no pictures. Raises
    OutputError for a report that is none.
    """
    try:
        return _rendered(content(dataset, report))
    except (AttributeError, TypeError, ValueError, LookupError) as error:  # a stranger's file may hold anything
        what = f"the report in this file is not one that inrpde makes: {error}"
        raise OutputError(what, None, "solve the problem again, and write it anew") from error


def _rendered(page: Page) -> str:
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    template = environment.get_template("page.html.jinja")
    return template.render(
        page=page,
        style=Markup(style),
        script=Markup(script),
        allowed=allowed,
        mathml=lambda pieces: map(Markup, pieces),
    )
