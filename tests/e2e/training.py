"""Runs of every kind that the pages show, recorded as a program does: into a store it is told."""

import sys

from PIL import Image

import whence

RUNS, POINTS = 3, 40
LONG = 5000
"""Points of the first run: more than a curve has buckets."""


def leave(run, lines):
    """Have a run print so many lines, and leave files of every kind that the page shows."""
    sys.stdout.write("".join(f"line {line}\n" for line in range(lines)))
    sys.stderr.write("it took long\n")
    run.log_text("# All went well\n", "report.md")
    run.log_text('id,said\n1,"yes, it is"\n', "tables/said.csv")
    run.log_table([{"class": "cat", "right": 0.5}, {"class": "dog", "right": 0.75}], "tables/right")
    for step in range(3):
        run.log_image(Image.new("RGB", (8, 8), (80 * step, 0, 0)), "samples", step=step)
    run.log_text("a text that no page shows", "model.bin")


def record(store, lines):
    """Record runs of one project that differ in `lr`, and one of another that fails."""
    for at in range(RUNS):
        params = {"lr": 10.0 ** -(at + 1), "optimizer": "adamw"}
        tags = {"by": "Ada"}
        # What is captured is captured of the first two only: that takes a moment.
        with whence.start_run(
            project="digits", name=f"try {at}", params=params, tags=tags, store=store,
            capture={"git", "environment", "output"} if at < 2 else False,
        ) as run:  # fmt: skip
            for step in range(LONG if at == 0 else POINTS):
                run.log({"loss": 1 / (step + 1 + at), "steps/s": 100 + at})
            run.log({"system/cpu": 12.5}, step=15)
            if at == 0:
                leave(run, lines)
    broken = whence.start_run(project="verifier", name="broken", store=store, capture=False,
                              parent=run.id)  # fmt: skip
    broken.finish("failed")
    assert len(whence.open(store).runs()) == RUNS + 1  # taken in, so that the first page shows them


if __name__ == "__main__":
    record(sys.argv[1], int(sys.argv[2]))
