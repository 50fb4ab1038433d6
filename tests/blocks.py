"""Write the Python blocks of a page into files of their own: `python tests/blocks.py README.md FOLDER`, for mypy."""

import re
import sys
from pathlib import Path


def main(page: str, folder: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", Path(page).read_text(encoding="utf-8"), flags=re.DOTALL)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for number, block in enumerate(blocks, 1):
        (Path(folder) / f"{Path(page).stem}_{number}.py").write_text(block, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
