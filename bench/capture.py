"""What capturing costs a program, in CPU time: python bench/capture.py (in a git work tree)."""

import subprocess
import sys
import tempfile

FIRST = """
import sys, time, whence
whence.start_run(capture=False).finish()
begun = time.thread_time(), time.process_time()
run = whence.start_run()
thread = time.thread_time() - begun[0]
run.finish()
process = time.process_time() - begun[1]
begun = time.thread_time()
for _ in range(100):
    whence.start_run().finish()
more = (time.thread_time() - begun) / 100
print(thread * 1e3, process * 1e3, more * 1e3, file=sys.stderr)
"""

PRINT = """
import sys, time, whence
run = whence.start_run(capture=sys.argv[1:])
begun = time.thread_time()
for step in range(20_000):
    print("epoch 12 loss 0.3456 accuracy 0.98")
print((time.thread_time() - begun) / 20_000 * 1e6, file=sys.stderr)
"""

LOOK = """
import sys, time
from whence.record.system import System
system = System()
system.values()
begun = time.thread_time()
for _ in range(500):
    system.values()
print((time.thread_time() - begun) / 500 * 1e3, file=sys.stderr)
"""


def medians(text: str, *arguments: str, times: int = 9) -> list[float]:
    """Run a script a few times, each with a store of its own, and return the medians it tells."""
    told = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as store:
            done = subprocess.run(  # noqa: S603 - our own script
                [sys.executable, "-c", text, *arguments],
                env={"WHENCE_STORE": store, "PATH": "/usr/bin:/bin"},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                check=True,
            )
        told.append([float(one) for one in done.stderr.split()])
    return [sorted(column)[times // 2] for column in zip(*told, strict=True)]


if __name__ == "__main__":
    thread, process, more = medians(FIRST)
    print(f"the first run: {thread:.1f} ms of its thread, {process:.1f} ms of the process")
    print(f"a further one, finished: {more:.2f} ms")
    (with_it,), (without,) = medians(PRINT, "output"), medians(PRINT)
    print(f"a printed line: {with_it:.1f} us, {without:.1f} without")
    (look,) = medians(LOOK)
    print(f"a look at the system: {look:.2f} ms")
