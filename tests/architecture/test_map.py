"""The README's map and the tree say the same."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_map_names_every_part_and_no_other():
    readme = (ROOT / "README.md").read_text("utf-8")
    (drawn,) = re.findall(r"^src/whence/\n((?:  .*\n)+)", readme, re.MULTILINE)
    named = set(re.findall(r"^  (\w+)(?:/|\.py)", drawn, re.MULTILINE))
    tree = {
        path.stem
        for path in (ROOT / "src/whence").iterdir()
        if path.name not in {"__init__.py", "__pycache__", "py.typed"}
    }
    assert named == tree
