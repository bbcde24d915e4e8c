"""What a lecturer gets: the rows as a file for spreadsheets, a table for the terminal, and the counts of a class."""

import csv
import io
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ppo_lib.errors import UsageError
from ppo_lib.grading.grading import NOT_ATTEMPTED, NOT_RUN, NOT_YET, RIGHT, Row

COLUMNS = ("student", "notebook", "exercise", "verdict", "mistakes", "message")
LONGEST_MESSAGE = 1_000  # characters
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula
BEST_FIRST = (RIGHT, NOT_YET, NOT_RUN, NOT_ATTEMPTED)
SIGNS = {RIGHT: "✓", NOT_YET: "✗", NOT_RUN: "!", NOT_ATTEMPTED: "·"}


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write a line for each row. The file is complete or the old one, whatever happens in between.

    It begins with a byte order mark, by which spreadsheets know UTF-8; in Python: `encoding="utf-8-sig"`.

    Raises:
        UsageError: the file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        cells = row.student, row.notebook, row.exercise, row.verdict, "; ".join(row.mistakes), row.message
        writer.writerow([harmless(cell) for cell in cells])
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(text.getvalue().encode("utf-8-sig", errors="replace"))
        os.replace(partial, path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def harmless(text: str) -> str:
    """Text in one line that no spreadsheet takes for a formula."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_MESSAGE]
    return f"'{line}" if line.startswith(FORMULAS) else line


def best_verdicts(rows: Sequence[Row]) -> dict[str, dict[str, str]]:
    """{student: {exercise: verdict}}, the best one where a student has handed in several notebooks."""
    best = {}
    for row in rows:
        verdicts = best.setdefault(harmless(row.student), {})
        if row.exercise:
            both = {row.verdict, verdicts.get(row.exercise, row.verdict)}
            verdicts[row.exercise] = min(both, key=BEST_FIRST.index)
    return best


def format_table(rows: Sequence[Row], exercises: Sequence[str]) -> str:
    """Students down, exercises across, and how many of them each has solved."""
    best = best_verdicts(rows)
    shown = [name for name in exercises if any(name in verdicts for verdicts in best.values())]
    width = max([len("student"), *map(len, best)])
    lines = [f"{number:>{width + 5}}  {name}" for number, name in enumerate(shown, 1)]
    lines += ["", f"{'student':{width}}" + "".join(f"{number:>4}" for number in range(1, len(shown) + 1)) + "  solved"]
    for student, verdicts in best.items():
        signs = "".join(f"{SIGNS.get(verdicts.get(name), ' '):>4}" for name in shown)
        lines.append(f"{student:{width}}{signs}{list(verdicts.values()).count(RIGHT):>8}")
    solved = [sum(verdicts.get(name) == RIGHT for verdicts in best.values()) for name in shown]
    lines.append(f"{'solved':{width}}" + "".join(f"{count:>4}" for count in solved) + f"{sum(solved):>8}")
    lines += ["", ", ".join(f"{sign} {verdict}" for verdict, sign in SIGNS.items())]
    unread = [f"{harmless(row.notebook)}: {row.message}" for row in rows if not row.exercise]
    return "\n".join(lines + unread)


def count_verdicts(rows: Sequence[Row], exercises: Sequence[str]) -> dict[str, dict[str, int]]:
    """{exercise: {verdict: number of students}}, exercises that nobody has handed in left out."""
    best = best_verdicts(rows)
    counts = {name: Counter(verdicts[name] for verdicts in best.values() if name in verdicts) for name in exercises}
    return {name: {verdict: found[verdict] for verdict in BEST_FIRST} for name, found in counts.items() if found}


def count_mistakes(rows: Sequence[Row]) -> dict[tuple[str, str], int]:
    """{(exercise, mistake): number of students}, the most frequent first."""
    made = {(row.student, row.exercise, mistake) for row in rows for mistake in row.mistakes}
    counts = Counter((exercise, mistake) for _, exercise, mistake in made)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
