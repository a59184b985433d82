"""Lineage: from data to runs to versions to what they answered, and round again."""

import json
import subprocess
import sys

import pytest

import whence

ROWS = [
    {"id": str(i), "ts": "2023-09-01T00:00:00Z", "p": i % 2, "v": "67"[i % 2]} for i in range(8)
]


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("WHENCE_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def edges(found):
    return {(edge.before, edge.how, edge.after) for edge in found.edges}


@pytest.fixture
def shop(store):
    """Version 8 of a model was trained on clicks on what version 7 had shown."""
    raw = whence.dataset("catalogue", digest="c1")
    with whence.start_run(project="shop", name="first", capture=False) as first:
        first.use_dataset(raw, context="training")
    opened = whence.open(store)
    for _ in range(6):
        opened.register("shop", artifact="s3://elsewhere/model")
    assert opened.register("shop", run=first).version == 7
    whence.model("shop").log(ROWS, id="id", time="ts", prediction="p", version="v")
    clicks = whence.dataset("clicks", digest="k1", made_from=["predictions:shop@7", raw])
    with whence.start_run(project="shop", name="second", capture=False) as second:
        second.use_dataset(clicks, context="training")
    assert opened.register("shop", run=second).version == 8
    return opened, first, second


def test_from_a_version_back_to_all_that_made_it_and_round_again(shop):
    opened, first, second = shop
    found = opened.lineage("model:shop@8")
    assert edges(found) == {
        ("dataset:catalogue@c1", "used for training", f"run:{first.id}"),
        (f"run:{first.id}", "made", "model:shop@7"),
        ("model:shop@7", "answered", "predictions:shop@7"),
        ("predictions:shop@7", "made from", "dataset:clicks@k1"),
        ("dataset:catalogue@c1", "made from", "dataset:clicks@k1"),
        ("dataset:clicks@k1", "used for training", f"run:{second.id}"),
        (f"run:{second.id}", "made", "model:shop@8"),
    }
    assert found.loops == [["predictions:shop@7", "model:shop@8"]]
    assert {node.ref: node.depth for node in found.nodes}["model:shop@7"] == -4


def test_forward_to_all_that_inherited_from_a_dataset(shop):
    opened, _, second = shop
    found = opened.lineage("dataset:catalogue")
    after = {node.ref for node in found.nodes if node.depth > 0}
    assert {"model:shop@7", "predictions:shop@7", "dataset:clicks@k1", "model:shop@8"} <= after
    assert f"run:{second.id}" in after
    assert {"predictions:shop", "labels:shop"} <= after


def test_a_models_name_is_what_it_answered_and_versions_that_nobody_registered_are_its_own(shop):
    opened, _, _ = shop
    found = opened.lineage("shop")
    assert found.of == "predictions:shop"
    assert ("predictions:shop@6", "is part of", "predictions:shop") in edges(found)
    assert not any(edge.before == "model:shop@6" and edge.how == "made" for edge in found.edges)


def test_a_file_is_told_by_its_content_and_a_folder_by_its_files(store, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("a,b\n1,2\n")
    one = whence.dataset("rows", file)
    assert one == whence.dataset("rows", file)
    assert one.kind == "file"
    file.write_text("a,b\n1,3\n")
    assert whence.dataset("rows", file).digest != one.digest
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "a").write_text("x")
    before = whence.dataset("many", folder)
    (folder / "a").rename(folder / "b")
    assert whence.dataset("many", folder).digest != before.digest
    assert whence.open(store).lineage("dataset:rows").nodes[0].title.startswith("dataset rows")


@pytest.mark.parametrize(
    ("of", "message"),
    [("nix", "names nothing"), ("model:shop", "names nothing"), ("run:", "names nothing"),
     ("run:0123", "has no run:0123"), ("dataset:nix", "has no dataset:nix"),
     ("predictions:nix@1", "has no predictions:nix@1")],
)  # fmt: skip
def test_what_is_not_there_is_said(shop, of, message):
    opened, _, _ = shop
    with pytest.raises(whence.BadInput, match=message):
        opened.lineage(of)


@pytest.mark.usefixtures("store")
def test_a_dataset_without_a_digest_or_of_nothing_is_refused():
    with pytest.raises(whence.BadInput, match="give digest="):
        whence.dataset("rows", "s3://bucket/rows")
    with pytest.raises(whence.BadInput, match="names nothing"):
        whence.dataset("rows", digest="1", made_from=["something"])
    with (
        whence.start_run(capture=False) as run,
        pytest.raises(whence.BadInput, match=r"whence\.dataset"),
    ):
        run.use_dataset("rows")


def command(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "whence.cli", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.usefixtures("shop")
def test_the_command_draws_both_trees_and_names_the_loop():
    said = command("lineage", "model:shop@8")
    came, led = said.split("\nled to")
    assert came.startswith(
        "shop, version 8   [model:shop@8]\n\ncame from\n  run shop/second (made)"
    )
    assert "      what shop, version 7, answered (made from)   [predictions:shop@7]" in came
    assert "A loop: shop, version 8 was trained on data that come from what shop, version 7," in led
    assert json.loads(command("lineage", "model:shop@8", "--json"))["of"] == "model:shop@8"
