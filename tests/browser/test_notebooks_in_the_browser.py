"""Every notebook with interactive figures, run in JupyterLab in a real browser; every control moves its picture."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent.parent
SCREENSHOTS = ROOT / "build" / "browser"
FIGURE = re.compile(r"widgets\.(\w+)\(")
MINUTE = 60_000  # ms, as playwright counts


def figures_of(path):
    """The names of the interactive figures that a notebook calls."""
    return FIGURE.findall("\n".join(c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code"))


FIGURES = {path.name: figures_of(path) for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))}
INTERACTIVE = [name for name, figures in FIGURES.items() if figures]


@pytest.fixture(scope="module", params=INTERACTIVE)
def notebook(request, lab, browser):
    """(page, name) of a notebook whose cells have all been run in the browser."""
    page = browser.new_page(viewport={"width": 1366, "height": 900})  # a laptop's
    page.goto(lab.format(request.param))
    idle = ".jp-Notebook-ExecutionIndicator[data-status='idle']"
    page.locator(".jp-Toolbar-kernelName", has_text="Python 3").wait_for(timeout=2 * MINUTE)
    page.locator(idle).wait_for(timeout=2 * MINUTE)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    last = re.compile(r"This notebook ran in \d+ s\.")
    ended = page.locator(".jp-OutputArea-output", has_text=last)
    failed = page.locator("[data-mime-type='application/vnd.jupyter.error']")
    ended.or_(failed).first.wait_for(timeout=10 * MINUTE)
    page.locator(idle).wait_for()
    yield page, request.param
    page.screenshot(path=SCREENSHOTS / f"{Path(request.param).stem}.png")
    page.close()


def test_every_cell_runs_and_every_control_moves_its_picture(notebook):
    page, name = notebook
    for kind in ("error", "stderr"):
        assert page.locator(f"[data-mime-type='application/vnd.jupyter.{kind}']").all_inner_texts() == []
    figures = page.locator(".picture-box").all()
    assert len(figures) == len(FIGURES[name])
    for figure, title in zip(figures, FIGURES[name], strict=True):
        figure.scroll_into_view_if_needed()
        if title == "drive_yourself":
            drive(page, figure)
        for handle in figure.locator(".noUi-handle[role='slider']").all():
            move(figure, handle)
        figure.screenshot(path=SCREENSHOTS / f"{Path(name).stem}_{title}.png")


def move(figure, handle):
    """One step to the right, or to the left where the slider stands at its end."""
    at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    expect_another_picture(figure, lambda: handle.press("ArrowLeft" if at_end else "ArrowRight"))


def drive(page, figure):
    """A few decisions by keys, then by buttons, then by keys again though a button has the focus."""
    picture, cell = figure.locator("img.widget-image"), page.locator(".jp-Notebook-cell.jp-mod-selected")
    picture.click()
    selected = cell.inner_text()
    for step, key in enumerate(("ArrowRight", "Space", "ArrowLeft", "ArrowUp", "ArrowDown"), start=1):
        expect_another_picture(figure, lambda key=key: page.keyboard.press(key))
        expect_caption(figure, f"Driving: step {step},")
    expect_another_picture(figure, figure.get_by_role("button", name="idle").click)
    expect_caption(figure, "Driving: step 6,")
    expect_another_picture(figure, lambda: page.keyboard.press("Space"))  # not also a click on the focused button
    expect_caption(figure, "Driving: step 7,")
    assert cell.inner_text().startswith(selected[:40])  # JupyterLab did not take the arrow keys for its own
    expect_another_picture(figure, lambda: page.keyboard.press("r"))
    expect_caption(figure, "Driving: step 0,")
    expect_another_picture(figure, figure.get_by_role("button", name="faster").click)


def expect_another_picture(figure, act):
    """What `act` does changes the pixels that the browser shows, within ten seconds."""
    picture = figure.locator("img.widget-image")
    before = picture.screenshot()
    act()
    for _ in range(100):
        if picture.screenshot() != before:
            return
        figure.page.wait_for_timeout(100)
    raise AssertionError("the picture did not change")


def expect_caption(figure, start):
    figure.locator(".widget-label", has_text=re.compile(f"^{start}")).wait_for(timeout=10_000)
