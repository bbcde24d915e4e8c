"""What a function can see and do in the confined process, and what of its replies is believed."""

import os
import socket
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import ppo_lib
from ppo_lib.exercises.attempt import Attempt, attempt
from ppo_lib.grading import confinement
from ppo_lib.grading.confinement import confine
from ppo_lib.grading.sandbox import Limits, Sandbox, SubmissionFault, read_attempt
from ppo_lib.grading.slicing import find_programs
from ppo_lib.grading.submissions import Cell

with confine([]) as found:
    needs_bubblewrap = pytest.mark.skipif(bool(found.warning), reason=found.warning)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")
INPUTS = {
    "weights": torch.arange(6.0).reshape(2, 3),
    "flags": torch.tensor([True, False]),
    "image": np.full((2, 2), 200, np.uint8),
    "gamma": 0.9,
    "steps": 3,
    "crashed": True,
}
FUNCTIONS = {
    "differentiable": "lambda w, *_: (w**2).mean()",
    "numbers": "lambda w, flags, image, g, n, c: (image / n, np.where(flags, g, c), w.sum())",
    "words": "lambda *_: ['IDLE', 'FASTER']",
    "changes": "lambda w, *_: w.mul_(2)",
    "raises": "lambda *_: 1 / 0",
    "prints": "lambda *_: print('hello')",
    "nan": "lambda *_: float('nan')",
    "stub": "lambda *_: ...",
}


def load(sandbox, code, argument="f"):
    cells = [Cell("code cell 1", code), Cell("code cell 2", f"exercises.check_x({argument})")]
    return sandbox.load(find_programs(cells, {"x": {"f"}})["x"])


@pytest.fixture(scope="module")
def hidden(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handed_in")
    (folder / "secret.txt").write_text("the neighbour's work")
    return folder


@pytest.fixture(scope="module")
def confined(hidden):
    with confine([hidden]) as how, Sandbox(how, Limits(call_seconds=20, memory=2**30)) as sandbox:
        yield sandbox


def printed_by(sandbox, *lines, raised=""):
    """What a function of these lines prints inside."""
    load(sandbox, "import os, sys\n\n\ndef f():\n    " + "\n    ".join(lines))
    result = sandbox.attempt({})
    assert raised in result.error if raised else not result.error, result.error
    return result.printed


@pytest.fixture(scope="module")
def unprotected():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        with confine([]) as how, Sandbox(how, Limits()) as sandbox:
            yield sandbox


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("where", [pytest.param("confined", marks=needs_bubblewrap), "unprotected"])
def test_a_call_in_the_sandbox_gives_what_a_call_here_gives(name, where, request):
    expression, parts = FUNCTIONS[name], 3 if name == "numbers" else 1
    differentiate = ("weights",) if name == "differentiable" else ()
    here = attempt(eval(expression, {"np": np}), INPUTS, parts, differentiate)
    sandbox = request.getfixturevalue(where)
    load(sandbox, "", expression)
    there = sandbox.attempt(INPUTS, parts, differentiate)
    np.testing.assert_equal(vars(replace(there, line="")), vars(replace(here, line="")))


@linux_only
def test_without_bubblewrap_one_line_says_what_is_not_protected(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with confine([]) as how, Sandbox(how, Limits(call_seconds=1)) as sandbox:
        assert "apt install bubblewrap" in how.warning
        assert "read and change your files" in how.warning
        assert "\n" not in how.warning
        assert "not there while" in printed_by(
            sandbox, "try:", "  import ppo_lib.losses", "except ImportError as error:", "  print(error)"
        )
        assert "PPO_SECRET" not in printed_by(sandbox, "print(list(os.environ))")
        load(sandbox, "def f():\n    while True: pass")
        with pytest.raises(SubmissionFault, match="longer than 1 seconds"):
            sandbox.attempt({})


@linux_only
def test_a_bubblewrap_that_does_not_work_is_named(monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho no user namespaces >&2; exit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with confine([]) as how:
        assert "bubblewrap does not work here (no user namespaces)" in how.warning


@needs_bubblewrap
def test_nothing_of_ours_can_be_read_or_imported(confined, hidden):
    folder = Path(ppo_lib.__file__).parent
    for path in (folder, folder.parent / "notebooks", hidden, Path.cwd() / "tests"):
        assert printed_by(confined, f"print(os.path.exists({str(path)!r}))") == "False\n"
    listed = "names = [n for p in [*sys.path, '/'] if os.path.isdir(p) for n in os.listdir(p)]"
    assert printed_by(confined, listed, "print('torch' in names, 'ppo_lib' in names)") == "True False\n"
    around = f"sys.meta_path.pop(0); sys.path.append({str(folder.parent)!r})"
    printed_by(confined, around, "import ppo_lib", raised="ModuleNotFoundError: No module named 'ppo_lib'")


@needs_bubblewrap
def test_an_installed_course_is_hidden_among_the_other_packages(tmp_path):
    site, base = tmp_path / "lib" / "site-packages", tmp_path / "home"
    for folder in (site / "ppo_lib" / "exercises", site / "torch", base):
        folder.mkdir(parents=True)
    shown = {site: Path("/packages/0"), tmp_path / "lib": Path("/base")}
    places = confinement._places_of([site, site / "ppo_lib", site / "ppo_lib" / "exercises", base], shown)
    assert places == ["/base/site-packages", "/packages/0/ppo_lib"]


@needs_bubblewrap
def test_there_is_no_network(confined):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        call = f"socket.create_connection(('127.0.0.1', {port}), timeout=5)"
        printed_by(confined, "import socket", call, raised="refused")


@needs_bubblewrap
def test_only_a_small_private_folder_can_be_written(confined):
    for path in ("/x", "/usr/x", "/grader/worker.py", "/packages/0/x", "/dev/shm/x", "/etc/x"):
        printed_by(confined, f"open({path!r}, 'a')", raised="Error")
    name = f"sandbox-{os.getpid()}"
    assert (
        printed_by(confined, f"open('/tmp/{name}', 'w').write('x' * 10); print(os.listdir('/tmp'))") == f"['{name}']\n"
    )
    assert not Path("/tmp", name).exists()
    printed_by(confined, "open('/tmp/large', 'wb').write(bytes(2**25))", raised="OSError")


@needs_bubblewrap
def test_the_process_is_alone_poor_and_nobody(confined, monkeypatch):
    seen = printed_by(
        confined,
        "print(len([p for p in os.listdir('/proc') if p.isdigit()]) < 5, os.getuid(), sorted(os.environ))",
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('CapEff')])",
    )
    assert seen.startswith("True 65534 ['HOME', ")
    assert "['0000000000000000']" in seen
    assert not {"USER", "LOGNAME", "SSH_AUTH_SOCK", "VIRTUAL_ENV"} & set(seen.replace("'", " ").split())


@needs_bubblewrap
def test_memory_is_limited_and_libraries_still_work(confined):
    printed_by(confined, "import numpy as np; np.ones(2**28)", raised="MemoryError")
    printed_by(confined, "import torch; torch.ones(2**29)", raised="allocate")
    printed_by(
        confined, "import scipy.stats, torch; torch.nn.Conv2d(1, 2, 3)(torch.ones(1, 1, 9, 9)).sum().backward()"
    )


@needs_bubblewrap
def test_a_process_that_has_ended_is_followed_by_another_at_the_next_program(hidden):
    with confine([]) as how, Sandbox(how, Limits()) as sandbox:
        load(sandbox, "import os\n\n\ndef f():\n    os._exit(3)")
        with pytest.raises(SubmissionFault, match="it ended its process"):
            sandbox.attempt({})
        assert load(sandbox, "x = 1 / 0\ndef f():\n    return 1", "(f, 0 * x)[0] if 'x' in globals() else f") == [
            "ZeroDivisionError: division by zero in code cell 1, line 1"
        ]
        assert sandbox.attempt({}).answer == (1.0,)


@needs_bubblewrap
def test_a_notebooks_time_is_limited_in_all(hidden):
    with confine([]) as how, Sandbox(how, Limits(call_seconds=5, notebook_seconds=1)) as sandbox:
        load(sandbox, "import time\n\n\ndef f():\n    time.sleep(0.6)")
        sandbox.attempt({})
        with pytest.raises(SubmissionFault, match="longer than 1 seconds in all"):
            sandbox.attempt({})


@needs_bubblewrap
def test_what_is_no_function_is_said_so(confined):
    with pytest.raises(SubmissionFault, match="given a number, not a function"):
        load(confined, "", "3")
    load(confined, "", "['IDLE', 'FASTER']")
    assert confined.attempt({}).words == ("IDLE", "FASTER")
    for nothing in ("...", "None"):
        load(confined, "", nothing)
        assert confined.attempt({"x": 1}).stub


@pytest.mark.parametrize(
    "forged",
    [
        {"answer": [np.ones(2), np.ones(2)]},
        {"answer": "right"},
        {"answer": [np.ones(2, np.float32)]},
        {"answer": [[1.0]]},
        {"words": [1]},
        {"words": "IDLE"},
        {"kind": None},
        {"error": "x" * 10_000},
        {"changed": ["expected"]},
        {"changed": [[]]},
        {"borrowed": ["expected"]},
        {"borrowed": "Categorical"},
        {"gradients": {"y": np.ones(2)}},
        {"gradients": {"x": np.ones(3)}},
        {"gradients": []},
        {"stub": 1},
        {"verdict": "right"},
    ],
    ids=str,
)
def test_a_reply_that_attempt_cannot_have_made_is_refused(forged):
    inputs = {"x": torch.zeros(2)}
    honest = vars(Attempt(answer=[np.ones(2)], gradients={"x": np.ones(2)}, changed=["x"]))
    read_attempt(dict(honest), inputs, 1, ("x",))
    with pytest.raises(SubmissionFault, match="no proper answer"):
        read_attempt(honest | forged, inputs, 1, ("x",))
    with pytest.raises(SubmissionFault, match="no proper answer"):
        read_attempt({}, inputs, 1, ("x",))
