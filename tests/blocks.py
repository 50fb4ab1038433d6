"""Write the Python blocks of pages into files, one a page, for mypy: `python tests/blocks.py FOLDER PAGE…`.

A block that begins with `# NAME.py` is a file of its own, from which the others import.
"""

import re
import sys
from pathlib import Path


def main(folder: str, *pages: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    for page in map(Path, pages):
        stem = "_".join(page.with_suffix("").parts).replace("-", "_")
        blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        files = {name[1]: block for block in blocks if (name := re.match(r"# (\w+)\.py\n", block))}
        rest = "\n".join(block for block in blocks if block not in files.values())
        for name in files:
            rest = re.sub(rf"^(from|import) {name}\b", rf"\1 {stem}_{name}", rest, flags=re.MULTILINE)
        for name, text in {stem: rest, **{f"{stem}_{name}": block for name, block in files.items()}}.items():
            if text:
                (Path(folder) / f"{name}.py").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
