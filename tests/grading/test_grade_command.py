"""The command: what it writes and prints, what it refuses, and that Ctrl-C keeps what was graded."""

import csv
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import hand_ins
import pytest
from processes import descendants

from ppo_lib.__main__ import main
from ppo_lib.grading.confinement import confine

with confine([]) as found:
    needs_bubblewrap = pytest.mark.skipif(bool(found.warning), reason=found.warning)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "handed_in"
    folder.mkdir()
    for student in ("plain", "typo in the first cell"):
        (folder / f"{student}.ipynb").write_text(hand_ins.RIGHT[student])
    (folder / "without gamma.ipynb").write_text(hand_ins.WRONG["without gamma"])
    return folder


def read(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_it_writes_the_table_and_the_plot_and_prints_who_has_solved_what(folder, tmp_path, capsys):
    assert main(["grade", str(folder), "--out", str(tmp_path / "grades.csv"), "--seed", "7"]) == 0
    lines = read(tmp_path / "grades.csv")
    verdicts = {(line["student"], line["exercise"]): line["verdict"] for line in lines}
    assert verdicts.pop(("without gamma", "td_errors")) == "not yet"
    assert list(verdicts.values()) == ["right"] * 8
    assert {line["mistakes"] for line in lines if line["verdict"] == "not yet"} == {"without gamma"}
    assert (tmp_path / "grades.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert re.search(r"^solved +2 +3 +3 +8$", printed, re.MULTILINE)
    assert "--seed 7 repeats it" in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "nowhere is no folder"),
        (["."], "holds no notebook"),
        ([".", "--jobs", "0"], "--jobs must be at least 1"),
        ([".", "--seed", "-1"], "--seed must be at least 0"),
        ([".", "--call-seconds", "0"], "--call-seconds must be above 0"),
        ([".", "--notebook-seconds", "nan"], "--notebook-seconds must be above 0"),
        ([".", "--out", "nowhere/grades.csv"], "cannot be written"),
        ([".", "--plot", "class.docx"], "must end in .png, .pdf or .svg"),
        ([], "FOLDER is missing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_refused_in_a_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["grade", *arguments]) == 2
    line = capsys.readouterr().err.strip()
    assert words in line
    assert "\n" not in line
    assert not list(tmp_path.iterdir())


@needs_bubblewrap
def test_ctrl_c_keeps_the_rows_so_far_and_leaves_no_process_behind(folder, tmp_path):
    (folder / "zoe.ipynb").write_text(hand_ins.HOSTILE["sleeps"])
    words = ["grade", str(folder), "--out", str(tmp_path / "grades.csv"), "--call-seconds", "300"]
    words += ["--notebook-seconds", "300", "--jobs", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ppo_lib", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and not _has_nine_lines(tmp_path / "grades.csv"):
            time.sleep(0.1)
        time.sleep(3)  # the sleeper is at work now
        started = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Stopped. The table holds" in err
    assert "Traceback" not in err
    assert "plain" in out
    assert len(read(tmp_path / "grades.csv")) == 9
    assert len(started) >= 2  # bubblewrap, and what runs in it
    deadline = time.monotonic() + 10  # the kernel ends a pid namespace after its first process, not with it
    while _alive(started) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(started)


def _alive(pids):
    """Those that still run; one that has ended and only waits to be collected by its parent does not."""
    alive = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        alive += [pid] * (state != "Z")
    return alive


def _has_nine_lines(path):
    return path.exists() and len(read(path)) == 9
