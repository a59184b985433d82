"""What a run captures by itself: its code, command, environment, output, and the system's state.

Most tests run real scripts in a real git work tree, as their users do.
"""

import getpass
import json
import os
import platform
import pty
import re
import signal
import subprocess
import sys
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

import whence
from whence import BadInput
from whence.record import output
from whence.store import captures
from whence.store.folder import StoreFolder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tried on Linux only")

SOURCE = str(Path(whence.__file__).parents[1])
HEAD = "import os, sys, whence\nrun = whence.start_run(name='it')\n"


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def environment(tmp_path, store):
    """The environment of scripts: this machine's git settings must not matter."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WHENCE_")}
    return {
        **kept,
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(tmp_path),
        "PYTHONPATH": SOURCE,
        "WHENCE_STORE": str(store),
    }


@pytest.fixture
def git(tmp_path, environment):
    """Run git in the folder `code`."""
    folder = tmp_path / "code"
    folder.mkdir()

    def run(*arguments):
        named = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
        done = subprocess.run(
            ["git", *named, *arguments],  # noqa: S607 - the git that users have
            cwd=folder, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    return run


@pytest.fixture
def script(tmp_path, environment):
    """Run a script in the folder `code`; return the finished process."""

    def run(text, *arguments, status=0, **variables):
        folder = tmp_path / "code"
        folder.mkdir(exist_ok=True)
        (folder / "train.py").write_text(text)
        done = subprocess.run(
            [sys.executable, "train.py", *arguments],
            cwd=folder,
            env={**environment, **{key: str(value) for key, value in variables.items()}},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return done

    return run


def read(store, name="it"):
    return whence.open(store).run(name)


def test_a_script_says_where_it_comes_from(script, git, store, tmp_path):
    git("init", "-q", "-b", "trunk")
    git("remote", "add", "origin", "https://ann:hunter2@example.org/digits.git")
    (tmp_path / "code" / "model.py").write_text("LAYERS = 2\n")
    (tmp_path / "code" / "naïve name.py").write_text("x = 1\n")
    git("add", ".")
    git("commit", "-qm", "first")
    (tmp_path / "code" / "model.py").write_text("LAYERS = 3\n")
    git("mv", "naïve name.py", "other name.py")
    done = script(HEAD + "run.finish()", "--lr", "0.1", "--api-key", "hunter2", "--token=hunter2",
                  "--max-tokens", "128")  # fmt: skip
    assert done.stderr == ""
    seen = read(store).captured
    assert sorted(seen) == ["code", "command", "environment"]
    code = seen["code"]
    assert code["folder"] == str(tmp_path / "code")
    assert code["commit"] == git("rev-parse", "HEAD")
    assert (code["branch"], code["dirty"], code["cut"]) == ("trunk", True, None)
    assert code["remote"] == "https://example.org/digits.git"
    assert sorted(code["changed"]) == ["model.py", "other name.py"]
    assert code["untracked"] == ["train.py"]
    assert code["diff"].strip() == git("-c", "core.quotePath=false", "diff", "HEAD")
    assert "+LAYERS = 3" in code["diff"]
    assert seen["command"] == {
        "arguments": [sys.executable, "train.py", "--lr", "0.1", "--api-key", "(hidden)",
                      "--token=(hidden)", "--max-tokens", "128"],
        "folder": str(tmp_path / "code"),
    }  # fmt: skip


def test_the_environment_is_what_python_says_of_it(script, store):
    script(HEAD)
    seen = read(store).captured["environment"]
    assert seen["python"] == platform.python_version()
    assert seen["implementation"] == platform.python_implementation().lower()
    assert (seen["executable"], seen["host"]) == (sys.executable, platform.node())
    assert (seen["user"], seen["processors"]) == (getpass.getuser(), os.cpu_count())
    assert seen["memory"] == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert seen["platform"] == f"{platform.system()} {platform.release()} {platform.machine()}"
    installed = {}
    for one in metadata.distributions():
        installed.setdefault(re.sub(r"[-_.]+", "-", one.name).lower(), one.version)
    assert seen["packages"] == dict(sorted(installed.items()))


def test_what_is_known_of_a_folder_without_a_commit_or_without_git(script, git, store, tmp_path):
    script(HEAD)
    assert "code" not in read(store).captured
    git("init", "-q", "-b", "trunk")
    script(HEAD.replace("'it'", "'empty'"))
    code = read(store, "empty").captured["code"]
    assert (code["commit"], code["branch"], code["diff"]) == (None, "trunk", None)
    assert (code["dirty"], code["untracked"]) == (False, ["train.py"])
    git("add", ".")
    git("commit", "-qm", "first")
    git("checkout", "-q", "--detach")
    # The code's work tree counts, not the folder that it is run from.
    done = subprocess.run(
        [sys.executable, "code/train.py"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": SOURCE, "WHENCE_STORE": str(store)},
        check=False,
    )  # fmt: skip
    assert done.returncode == 0
    (newest, *_) = whence.open(store).runs()
    code = read(store, newest.id).captured["code"]
    assert (code["branch"], code["dirty"]) == (None, False)
    assert code["commit"] == git("rev-parse", "HEAD")


def test_a_missing_git_is_told_once_and_harms_nothing(script, git, store, tmp_path):
    git("init", "-q")
    text = "import whence\nfor name in ('one', 'it'):\n    whence.start_run(name=name).finish()\n"
    done = script(text, PATH=tmp_path / "nothing")
    assert done.stderr.count("there is no git on PATH") == 1
    assert sorted(read(store).captured) == ["command", "environment"]


def test_a_diff_of_megabytes_is_cut_and_says_so(script, git, store, tmp_path):
    git("init", "-q")
    large = tmp_path / "code" / "large.txt"
    large.write_text("")
    git("add", ".")
    git("commit", "-qm", "first")
    large.write_text("line\n" * 2**20)
    script(HEAD)
    code = read(store).captured["code"]
    assert len(code["diff"]) == 2**20
    assert "its first 1,048,576 bytes" in code["cut"]
    assert code["changed"] == ["large.txt"]


def fake_git(tmp_path, answers):
    """Put a git on a PATH of its own that does what a shell says."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\ncase "$*" in\n{answers}\nesac\n')
    (folder / "git").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_nothing_waits_for_git(script, git, store, tmp_path):
    git("init", "-q")
    os.mkfifo(tmp_path / "gate")
    # This git says nothing before the program, which has begun its run and logged, lets it.
    path = fake_git(
        tmp_path,
        f"*rev-parse*) read word < {tmp_path}/gate; pwd; echo $word;;\n*) exit 1;;",
    )
    text = f"run.log({{'loss': 1.0}})\nopen('{tmp_path}/gate', 'w').write('c0ffee\\n')\n"
    script(HEAD + text, PATH=path)
    found = read(store)
    assert found.captured["code"]["commit"] == "c0ffee"
    assert found.captured["code"]["dirty"] is None
    assert found.metrics == {"loss": 1.0}


def test_a_git_that_takes_too_long_is_ended_and_what_it_said_is_kept(script, git, store, tmp_path):
    git("init", "-q")
    path = fake_git(
        tmp_path,
        f"*rev-parse*) pwd; echo c0ffee;;\n*status*) echo $$ > {tmp_path}/pid; exec sleep 600;;",
    )
    script(HEAD, PATH=path)
    code = read(store).captured["code"]
    assert (code["commit"], code["dirty"], code["changed"]) == ("c0ffee", None, [])
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_output_is_recorded_as_it_came(script, store):
    done = script(
        "import logging, sys, whence\n"
        "logging.basicConfig(format='%(message)s')\n"  # before the run: it holds sys.stderr
        "print('before')\n"
        "run = whence.start_run(name='it')\n"
        "print('one'); print('two', file=sys.stderr); logging.warning('three')\n"
        "for i in range(101): print(f'\\r{i:3} %', end='')\n"
        "print()\n"
        "sys.stdout.writelines(['naïve ', '\\ud83d 🙂\\n'.encode('utf-8', 'replace').decode()])\n"
        "print('not ended', end='')\n"
        "run.finish()\n"
        "print('after')\n",
        PYTHONIOENCODING="utf-8",
    )
    found = read(store)
    said = ["one", "two", "three", "100 %", "naïve ? 🙂", "not ended"]
    assert found.output() == "".join(f"{line}\n" for line in said)
    assert found.output("stderr") == "two\nthree\n"
    assert done.stderr == "two\nthree\n"
    assert done.stdout.startswith("before\none\n\n  0 %\n")  # as text: \r is an end of line
    assert done.stdout.endswith("not endedafter\n")
    with pytest.raises(BadInput, match="no stream 'stdin'"):
        found.output("stdin")


def test_a_terminal_stays_one(store, environment, tmp_path):
    text = (
        HEAD
        + "same = sys.stdout is sys.__stdout__\n"
        + "print(same, sys.stdout.isatty(), sys.stdout.fileno(), sys.stdout.encoding, flush=True)\n"
        + "run.finish()\n"
        + "print('write' in vars(sys.stdout))"
    )
    main, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", text], stdout=other, env=environment, cwd=tmp_path
    ) as process:
        os.close(other)
        shown = b""
        while b"False" not in shown:
            shown += os.read(main, 4096)
        process.wait()
    os.close(main)
    assert read(store).output() == f"True True 1 {sys.stdout.encoding}\n"
    assert shown.decode().split() == ["True", "True", "1", sys.stdout.encoding, "False"]


def test_an_error_that_ends_the_run_is_in_its_output(script, store):
    text = "import whence\n{}raise ValueError('too deep')"
    for name, begin in (
        ("inside", "with whence.start_run(name='inside'):\n    print('here')\n    "),
        ("outside", "run = whence.start_run(name='outside')\nprint('here')\n"),
    ):
        script(text.format(begin), status=1)
        said = read(store, name).output()
        assert said.startswith("here\nTraceback (most recent call last):\n")
        assert said.endswith("\nValueError: too deep\n")


def test_a_killed_program_leaves_every_line_it_printed(script, store):
    script(
        HEAD + "for i in range(1000): print('line', i, flush=True)\n"
        "print('half', end='', flush=True)\nos.kill(os.getpid(), 9)",
        status=-signal.SIGKILL,
    )
    found = read(store)
    assert found.status == "killed"
    assert found.output() == "".join(f"line {i}\n" for i in range(1000))


def test_a_long_output_keeps_its_beginning_and_its_end(script, store):
    lines = [f"line {i:94}\n" for i in range(60_000)]
    script(HEAD + "for i in range(60_000): print(f'line {i:94}')\nprint('the end')")
    said = read(store).output()
    first, note, last = re.split(r"(\.\.\. [\d,]+ characters are left out here \.\.\.\n)", said)
    assert "".join(lines).startswith(first)
    assert len(first) == output.MOST_HEAD
    assert last.endswith(f"{lines[-1]}the end\n")
    assert output.MOST_TAIL - len(lines[0]) < len(last) <= output.MOST_TAIL
    left_out = int(re.sub(r"\D", "", note))
    assert len(first) + left_out + len(last) == len("".join(lines)) + len("the end\n")


def test_a_fork_goes_on_and_leaves_the_output_to_its_parent(script, store):
    text = (
        "import os, sys, whence\n"
        "run = whence.start_run(name='it')\n"  # git is being asked while this forks
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    print('child', flush=True)\n"
        "    with whence.start_run(name='inner'):\n"
        "        print('inner', flush=True)\n"
        "    run.finish('failed')\n"
        "    os._exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7\n"
        "print('parent')\n"
    )
    done = script(text)
    assert done.stdout == "child\ninner\nparent\n"
    assert read(store).output() == "parent\n"
    inner = read(store, "inner")
    assert (inner.status, inner.output()) == ("finished", "inner\n")
    assert sorted(inner.captured) == ["command", "environment"]


@pytest.mark.parametrize(
    ("argument", "variable", "kinds", "printed"),
    [
        ("", "", ["command", "environment"], "hello\n"),
        ("", "off", [], ""),
        ("", "0", [], ""),
        ("", "output, variables", ["variables"], "hello\n"),
        ("capture=False", "output", [], ""),
        ("capture=True", "off", ["command", "environment"], "hello\n"),
        ("capture={'environment'}", "", ["command", "environment"], ""),
        ("capture='output'", "", [], "hello\n"),
        ("capture=()", "", [], ""),
    ],
)
def test_each_can_be_switched(script, store, argument, variable, kinds, printed):
    script(
        f"import whence\nrun = whence.start_run({argument})\nprint('hello')",
        **dict.fromkeys(("HF_TOKEN", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY"), "hunter2"),
        WHENCE_CAPTURE=variable, TOKENIZERS_PARALLELISM="yes",
        MIRROR="https://ann:hunter2@example.org/a@b",
    )  # fmt: skip
    (row,) = whence.open(store).runs()
    found = read(store, row.id)
    assert sorted(found.captured) == kinds
    assert found.output() == printed
    if "variables" in kinds:
        seen = found.captured["variables"]
        assert (seen["HF_TOKEN"], seen["PGPASSWORD"]) == ("(hidden)", "(hidden)")
        assert (seen["TOKENIZERS_PARALLELISM"], seen["WHENCE_STORE"]) == ("yes", str(store))
        assert seen["MIRROR"] == "https://example.org/a@b"
    for path in (store / "journals").iterdir():
        assert b"hunter2" not in path.read_bytes()


def test_what_cannot_be_captured_is_named(store, monkeypatch):
    with pytest.raises(BadInput, match="capture names 'gpu'; give True, False, or some of git"):
        whence.start_run(capture={"gpu", "git"}, store=store)
    monkeypatch.setenv("WHENCE_CAPTURE", "git,stdout")
    with pytest.raises(BadInput, match="capture names 'stdout'"):
        whence.start_run(store=store)
    assert not store.exists()


def test_a_stream_that_cannot_be_listened_to_is_told_once(script, store):
    text = (
        "import sys, whence\n"
        "class Odd:\n"
        "    __slots__ = ()\n"
        "    def write(self, text): return sys.__stdout__.write(text)\n"
        "    def flush(self): sys.__stdout__.flush()\n"
        "sys.stdout = Odd()\n"
        "for name in ('one', 'it'):\n"
        "    with whence.start_run(name=name): print('still printed')\n"
    )
    done = script(text)
    assert done.stdout == "still printed\n" * 2
    assert done.stderr.count("the output cannot be captured, the run goes on without") == 1
    assert read(store).status == "finished"


def test_a_run_inside_another_has_its_part_of_the_output(store, capsys):
    both = {"capture": {"output"}, "store": store}
    before = sys.stdout.write
    outer = whence.start_run(name="outer", **both)
    print("one")  # noqa: T201 - printing is the point, as below
    inner = whence.start_run(name="inner", parent=outer, **both)
    print("two")  # noqa: T201
    outer.finish()
    print("three")  # noqa: T201
    inner.finish()
    print("four")  # noqa: T201
    assert read(store, "outer").output() == "one\ntwo\n"
    assert read(store, "inner").output() == "two\nthree\n"
    assert sys.stdout.write == before
    assert capsys.readouterr().out == "one\ntwo\nthree\nfour\n"


BURN = (
    "import time\n"
    "end = time.process_time() + 1.0\n"  # seconds of a processor
    "while time.process_time() < end: pass\n"
    "run.finish()\n"
)


def test_the_system_is_looked_at(script, store):
    script(HEAD + "weight = bytearray(300_000_000)\n" + BURN, WHENCE_CAPTURE_SECONDS="0.05")
    found = read(store)
    assert set(found.metrics) == {
        "system/cpu_percent", "system/memory_percent",
        "system/process_cpu_percent", "system/process_memory_bytes",
    }  # fmt: skip
    seen = {key: found.metric(key)["value"].to_pylist() for key in found.metrics}
    assert 300e6 < max(seen["system/process_memory_bytes"]) < 600e6
    assert all(0 <= value <= 100 for value in seen["system/memory_percent"])
    assert all(0 <= value <= 100 for value in seen["system/cpu_percent"])
    # The samples are shares of the same time: the machine cannot be idler than this process.
    times = found.metric("system/process_cpu_percent")["time"].to_pylist()
    passed = [(b - a).total_seconds() for a, b in pairwise(times)]
    own = sum(s * p for s, p in zip(seen["system/process_cpu_percent"][1:], passed, strict=True))
    assert 0.2 < own / 100 < 1.3
    steps = found.metric("system/cpu_percent")["step"].to_pylist()
    assert steps == sorted(steps)


FAKE_NVML = """
class NVMLError(Exception): pass
NVML_TEMPERATURE_GPU = 0
class Told: gpu, used = 87, 4096
def nvmlInit():
    if {broken}: raise NVMLError('Driver Not Loaded')
def nvmlDeviceGetCount(): return 2
def nvmlDeviceGetHandleByIndex(number): return number
def nvmlDeviceGetUtilizationRates(handle): return Told
def nvmlDeviceGetMemoryInfo(handle): return Told
def nvmlDeviceGetPowerUsage(handle):
    if handle: raise NVMLError('Not Supported')
    return 71500
def nvmlDeviceGetTemperature(handle, sensor): return 55
"""


@pytest.mark.parametrize("broken", [False, True])
def test_gpus_are_asked_if_a_driver_answers(script, store, tmp_path, broken):
    (tmp_path / "nvml").mkdir()
    (tmp_path / "nvml" / "pynvml.py").write_text(FAKE_NVML.format(broken=broken))
    done = script(
        HEAD + BURN, WHENCE_CAPTURE_SECONDS="0.1", PYTHONPATH=f"{SOURCE}:{tmp_path / 'nvml'}"
    )
    assert done.stderr == ""
    gpus = {key: value for key, value in read(store).metrics.items() if "gpu" in key}
    assert gpus == ({} if broken else {
        "system/gpu_0_percent": 87, "system/gpu_0_memory_bytes": 4096,
        "system/gpu_0_power_watts": 71.5, "system/gpu_0_celsius": 55,
        "system/gpu_1_percent": 87, "system/gpu_1_memory_bytes": 4096,
        "system/gpu_1_celsius": 55,
    })  # fmt: skip


def test_many_runs_of_a_process_say_what_they_share_once(script, store):
    script("import whence\nfor i in range(50): whence.start_run(name=f'run-{i}').finish()")
    size = sum(path.stat().st_size for path in (store / "journals").iterdir())
    first, last = (read(store, name).captured for name in ("run-0", "run-49"))
    assert first == last
    assert sorted(first) == ["command", "environment"]
    assert size < 50 * 1000
    # The first is forgotten; what the others refer to stays, and goes with the last of them.
    ids = [row.id for row in whence.open(store).runs()]
    opened = StoreFolder(store)
    with opened.metadata.transaction():
        captures.forget(opened.metadata, ids[10:])
    assert read(store, "run-0").captured == {}
    assert read(store, "run-49").captured == last
    with opened.metadata.transaction():
        captures.forget(opened.metadata, ids)
    assert opened.metadata.one("SELECT COUNT(*) FROM captured") == (0,)


def test_a_capture_that_is_none_goes_to_quarantine(store):
    from whence.record.encoding import encode  # noqa: PLC0415 - what a damaged client would write
    from whence.record.writers import writer  # noqa: PLC0415
    from whence.types.records import Capture  # noqa: PLC0415

    with whence.start_run(name="it", capture=False, store=store) as run:
        for kind, payload in (("code", b"\x93"), ("mood", b"\xc0"), ("environment", b"\x80")):
            writer(store).append(encode(Capture(run.id, 1, kind, payload)))
        writer(store).append(encode(Capture(run.id, 1, "command", None, "nobody")))
    assert read(store).captured == {}
    reasons = [reason for (reason,) in StoreFolder(store).metadata.all(
        "SELECT reason FROM quarantine ORDER BY rowid")]  # fmt: skip
    assert [reason[:20] for reason in reasons] == [
        "a capture of kind co", "a capture of kind 'm", "a capture of kind en",
    ]  # fmt: skip


def test_the_command_line_and_the_server_tell_it(script, git, store, run_whence, serving):
    git("init", "-q", "-b", "trunk")
    script(HEAD + "print('[bold]')")
    git("add", ".")
    git("commit", "-qm", "first")
    script(HEAD.replace("it", "again") + "print('[bold]')", "--lr", "a b")
    one = run_whence("runs", "again", "--store", store, cwd=store).stdout
    assert f"code     {git('rev-parse', 'HEAD')[:10]} (trunk), train.py changed since, in" in one
    assert "train.py --lr 'a b', in" in one
    assert f"host     {platform.node()}, user" in one
    told = json.loads(run_whence("runs", "it", "--json", "--store", store, cwd=store).stdout)
    assert told["captured"] == read(store).captured
    printed = run_whence("runs", "it", "--output", "--store", store, cwd=store)
    assert printed.stdout == "[bold]\n"
    wrong = run_whence("runs", "--output", "--store", store, cwd=store, status=2)
    assert "--output is of one run" in wrong.stderr
    with serving(store, "--every", "0") as (address, _):
        base = f"{address}/api/v1/runs/{told['id']}"
        seen = httpx.get(f"{base}/captured").raise_for_status().json()
        assert {kind: value for kind, value in seen.items() if value} == told["captured"]
        page = httpx.get(f"{base}/output").raise_for_status().json()
        assert [(part["stream"], part["text"]) for part in page["parts"]] == [
            ("stdout", "[bold]\n")
        ]
        assert page["next"] is None
        assert httpx.get(f"{base}/output", params={"start": 1}).json()["parts"] == []
        assert httpx.get(f"{base}/output", params={"start": 2**63}).status_code == 400
        assert httpx.get(f"{address}/api/v1/runs/nobody/captured").status_code == 404
