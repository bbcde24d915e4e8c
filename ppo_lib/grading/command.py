"""What `python -m ppo_lib grade` does: the table, the plot, and the summary on the terminal."""

import sys
from pathlib import Path

from ppo_lib.errors import UsageError
from ppo_lib.exercises import CHECKS
from ppo_lib.grading.grading import Grader
from ppo_lib.grading.report import count_mistakes, count_verdicts, format_table, write_csv
from ppo_lib.grading.sandbox import Limits
from ppo_lib.plotting import plot_class


def grade(
    folder: Path,
    out: Path,
    plot: Path | None = None,
    seed: int | None = None,
    jobs: int | None = None,
    *,
    call_seconds: float,
    notebook_seconds: float,
) -> bool:
    """Grade a folder, and write and print what came of it; whether it was finished, and not interrupted.

    Args:
        folder: of the notebooks handed in.
        out: the table, written anew after every notebook.
        plot: the picture; by default beside the table.
        seed, jobs: see Grader.
        call_seconds, notebook_seconds: see Limits.

    Raises:
        UsageError: a value is not allowed, there is nothing to grade, or a file cannot be written.
    """
    plot = plot or out.with_suffix(".png")
    _check(out, plot, seed, jobs, {"--call-seconds": call_seconds, "--notebook-seconds": notebook_seconds})
    asked = {name: value for name, value in {"seed": seed, "jobs": jobs}.items() if value is not None}
    grader = Grader(CHECKS, Limits(call_seconds=call_seconds, notebook_seconds=notebook_seconds), **asked)
    rows, finished = [], True

    def keep(rows_so_far):
        rows[:] = rows_so_far
        write_csv(out, rows)

    try:
        grader.grade(folder, warn=lambda line: print(line, file=sys.stderr), each=keep)
    except KeyboardInterrupt:
        finished = False
    if rows:
        print(format_table(rows, list(CHECKS)))
        figure = plot_class(count_verdicts(rows, CHECKS), count_mistakes(rows))[0].figure
        figure.savefig(plot, dpi=150)
        print(f"\n{out}: {len(rows)} lines; {plot}: the class in a picture; --seed {grader.seed} repeats it.")
    if not finished:
        print("Stopped. The table holds the notebooks that had been graded.", file=sys.stderr)
    return finished


def _check(out, plot, seed, jobs, seconds) -> None:
    for path in (out, plot):
        if not path.parent.is_dir() or path.is_dir():
            raise UsageError(f"{path} cannot be written: {path.parent} is no folder, or it is one itself")
    if plot.suffix not in {".png", ".pdf", ".svg"}:
        raise UsageError(f"--plot must end in .png, .pdf or .svg, got {plot}")
    if seed is not None and seed < 0:
        raise UsageError(f"--seed must be at least 0, got {seed}")
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs must be at least 1, got {jobs}")
    for flag, value in seconds.items():
        if not 0 < value <= 3600:  # and no NaN
            raise UsageError(f"{flag} must be above 0 and at most 3600, got {value:g}")
