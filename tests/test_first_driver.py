"""Chapter 6's promise, that the lazy driver is beaten, rests on the seeds in first_driver.csv."""

import csv
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "results"))
import first_driver  # noqa: E402

with (ROOT / "results" / first_driver.FILE).open(newline="") as file:
    ROWS = {row["driver"]: row for row in csv.DictReader(file)}


def test_the_settings_are_those_of_the_chapter():
    notebook = nbformat.read(ROOT / "notebooks" / "06_training_loop.ipynb", as_version=4)
    first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    said = ", ".join(f"{name}={value}" for name, value in first_driver.SETTINGS.items())
    assert f"settings = PPOConfig({said}, seed=1)" in first
    assert f"NUM_ENVS = {first_driver.NUM_ENVS}\n" in first
    assert f"TOTAL_STEPS = {first_driver.TOTAL_STEPS:_}  " in first
    opening = (ROOT / "notebooks" / "01_environment.ipynb").read_text(encoding="utf-8")
    assert f"takes {first_driver.TOTAL_STEPS:,}" in opening  # chapter 1 says how many decisions a training takes


def test_every_seed_beats_the_lazy_driver_in_return_and_speed_and_crashes_no_more_often():
    assert list(ROWS) == [first_driver.LAZY, *(f"seed {seed}" for seed in first_driver.SEEDS)]
    lazy, *drivers = ROWS.values()
    for row in drivers:
        assert float(row["return"]) > float(lazy["return"]) + 1
        assert float(row["mean_speed"]) > float(lazy["mean_speed"]) + 0.5
        assert int(row["crashes"]) <= int(lazy["crashes"])
        assert row["drives"] == lazy["drives"]


def test_the_lazy_driver_is_as_the_file_says():
    lazy = first_driver.judged(first_driver.LAZY, first_driver.constant_policy(4))
    assert [str(cell) for cell in lazy] == list(ROWS[first_driver.LAZY].values())
