"""From a folder of hand-ins to a row for each student and exercise."""

import os
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from ppo_lib.errors import UsageError
from ppo_lib.grading.confinement import confine
from ppo_lib.grading.sandbox import Limits, Sandbox, SubmissionFault
from ppo_lib.grading.slicing import find_programs
from ppo_lib.grading.submissions import read_submissions

RIGHT, NOT_YET, NOT_ATTEMPTED, NOT_RUN = "right", "not yet", "not attempted", "could not be run"
UNREADABLE = "could not be read"
VERDICTS = {"right": RIGHT, "not attempted": NOT_ATTEMPTED}  # what a check says; all else that it says is "not yet"


@dataclass(frozen=True)
class Row:
    """What came of one exercise of one student.

    Attributes:
        student, notebook: whose it is, and in which file.
        exercise: its name; empty where the whole notebook could not be read.
        verdict: one of the words above.
        mistakes: the names of the mistakes that the check recognised.
        message: the check's message, or why nothing could be run.
    """

    student: str
    notebook: str
    exercise: str
    verdict: str
    mistakes: tuple[str, ...] = ()
    message: str = ""


@dataclass
class Grader:
    """Grades hand-ins, each in a confined process.

    Args:
        exercises: {name: exercise}, as ppo_lib.exercises.CHECKS.
        limits: what a hand-in may use.
        jobs: notebooks at once; by default as many as there are cores.
        seed: of the inputs that functions are tried on, the same for every student; by default new ones each time.
    """

    exercises: Mapping[str, Any]
    limits: Limits = field(default_factory=Limits)
    jobs: int = field(default_factory=lambda: len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
    seed: int = field(default_factory=lambda: secrets.randbits(32))

    def grade(
        self,
        folder: Path,
        progress: bool = True,
        warn: Callable[[str], None] = lambda line: None,
        each: Callable[[list[Row]], None] = lambda rows: None,
    ) -> list[Row]:
        """The rows of all notebooks below a folder, by student, notebook and the order of the exercises.

        Args:
            folder: see submissions.read_submissions.
            progress: show a bar.
            warn: is told what is not protected on this machine.
            each: is given the rows so far after every notebook, so that none is lost where the rest is interrupted.

        Raises:
            UsageError: there is nothing to grade, or confined processes cannot be started.
        """
        submissions = read_submissions(folder, {exercise.chapter for exercise in self.exercises.values()})
        stubs = {name: exercise.stub_names for name, exercise in self.exercises.items()}
        programs = [find_programs(submission.cells, stubs) for submission in submissions]
        rows, sandboxes = [], {}
        with confine([folder]) as confinement:
            if confinement.warning:
                warn(confinement.warning)
            pool = ThreadPoolExecutor(self.jobs)
            try:
                for submission, found in zip(submissions, programs, strict=True):
                    sandbox = Sandbox(confinement, self.limits)
                    sandboxes[pool.submit(self._grade, submission, found, sandbox)] = sandbox
                for job in tqdm(as_completed(sandboxes), total=len(sandboxes), unit="notebook", disable=not progress):
                    rows = self._in_order([*rows, *job.result()])
                    each(rows)
            finally:  # after Ctrl-C, too: no process stays behind
                for sandbox in sandboxes.values():
                    sandbox.stop()
                pool.shutdown(cancel_futures=True)
        return rows

    def _in_order(self, rows) -> list[Row]:
        places = {name: place for place, name in enumerate(self.exercises)}
        return sorted(rows, key=lambda row: (row.student, row.notebook, places.get(row.exercise, -1)))

    def _grade(self, submission, programs, sandbox) -> list[Row]:
        """The rows of one notebook."""
        whose = submission.student, submission.notebook
        if submission.problem:
            return [Row(*whose, "", UNREADABLE, message=f"The notebook could not be read: {submission.problem}.")]
        wanted = self._wanted(submission, programs)
        if not wanted:
            return [Row(*whose, "", UNREADABLE, message="The notebook holds none of the course's exercises.")]
        with sandbox:
            return [Row(*whose, name, *self._judge(name, programs.get(name), sandbox)) for name in wanted]

    def _wanted(self, submission, programs) -> list[str]:
        """The exercises of the chapter that a notebook is named after, and what it holds of others.

        Where its name says nothing, all exercises of the chapters that it holds something of.
        """
        named = {e.chapter for e in self.exercises.values() if e.chapter in submission.notebook}
        chapters = named or {self.exercises[name].chapter for name in programs}
        return [name for name, e in self.exercises.items() if e.chapter in chapters or name in programs]

    def _judge(self, name, program, sandbox) -> tuple[str, tuple[str, ...], str]:
        """(verdict, mistakes, message) of one exercise."""
        if program is None:
            return NOT_ATTEMPTED, (), "The notebook neither calls this check nor defines its function."
        try:
            failures = sandbox.load(program)
            if not self.exercises[name].graded:
                return self._refuse(name, sandbox)
            verdict = self.exercises[name].judge_attempts(sandbox.attempt, self.seed)
        except SubmissionFault as fault:
            return NOT_RUN, (), f"It could not be run: {fault}.{_needs(program)}"
        except UsageError:
            raise
        except Exception as error:  # what a hand-in sends may upset a check; that must not end the grading of a class
            return NOT_RUN, (), f"The check could not judge it ({type(error).__name__}: {error})."
        word = VERDICTS.get(verdict.kind, NOT_YET)
        message = "\n".join(filter(None, [verdict.message, verdict.example]))
        if word == NOT_YET and program.missing:
            return NOT_RUN, verdict.mistakes, message + _needs(program)
        if word == NOT_YET and failures:
            message += f" (Before that: {'; '.join(failures)}.)"
        return word, verdict.mistakes, message

    def _refuse(self, name, sandbox) -> tuple[str, tuple[str, ...], str]:
        """The same of an exercise whose function needs more than plain data: only a stub is told from the rest."""
        if sandbox.attempt(dict.fromkeys(self.exercises[name].parameters)).stub:
            return NOT_ATTEMPTED, (), "Not attempted yet."
        return (
            NOT_RUN,
            (),
            (
                f"Look at it yourself: {name} is given environments or networks, which are not there while a hand-in "
                f"is graded. Run exercises.check_{name} in the notebook, after reading it."
            ),
        )


def _needs(program) -> str:
    if not program.missing:
        return ""
    return f" It needs {', '.join(program.missing)}; a function that is handed in must stand on its own."
