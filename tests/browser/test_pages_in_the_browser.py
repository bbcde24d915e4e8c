"""The pages, read from the disk in a real browser, in a wide window and on a telephone, with no network at all."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parent.parent.parent
NAMES = ("01_environment", "03_policy_gradient")  # between them: video, tables, equations, predictions, verdicts
every_page = pytest.mark.parametrize("name", ["index", *(f"notebooks/{name}" for name in NAMES)])
CHAPTER = f"notebooks/{NAMES[1]}"
# How many characters the longest line of each paragraph holds: characters at the same height make a line.
LONGEST_LINES = """() => [...document.querySelectorAll('article p')].filter(p => p.getClientRects().length).map(p => {
    const lines = {}, walker = document.createTreeWalker(p, NodeFilter.SHOW_TEXT), range = document.createRange()
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.parentElement.closest('mjx-container')) continue
        for (let i = 0; i < node.length; i++) {
            range.setStart(node, i)
            range.setEnd(node, i + 1)
            const box = range.getBoundingClientRect(), line = Math.round(box.bottom / 12)
            if (box.width) lines[line] = (lines[line] || 0) + 1
        }
    }
    return Math.max(0, ...Object.values(lines))
})"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The folder of the pages of two chapters as they are stored: nothing is run."""
    out = tmp_path_factory.mktemp("built") / "pages"
    notebooks = [f"notebooks/{name}.ipynb" for name in NAMES]
    command = [sys.executable, "docs/pages.py", *notebooks, "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no warning
    return out


@pytest.fixture(params=(1280, 390), ids=("wide", "telephone"))
def reader(request, browser, pages):
    """Opens a page; whatever it asks of another host is refused, and fails the test."""
    asked = []

    def refuse(route):
        asked.append(route.request.url)
        route.abort()

    context = browser.new_context(viewport={"width": request.param, "height": 850}, color_scheme="light")
    context.route(lambda url: not url.startswith(("file:", "data:")), refuse)
    tab = context.new_page()
    tab.set_default_timeout(30_000)

    def read(name):
        tab.goto((pages / f"{name}.html").as_uri())
        if tab.locator(".math").count():
            tab.wait_for_selector("mjx-container svg")
            tab.evaluate("MathJax.startup.promise")
        return tab

    yield SimpleNamespace(open=read, tab=tab, width=request.param)
    context.close()
    assert asked == []


@every_page
def test_nothing_is_wider_than_the_window(reader, name):
    tab = reader.open(name)
    assert tab.evaluate("document.documentElement.scrollWidth") == reader.width
    tab.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    assert tab.evaluate("document.documentElement.scrollWidth") == reader.width
    for picture in tab.locator("article :is(img, video)").all():
        assert picture.bounding_box()["width"] <= reader.width


@every_page
def test_lines_have_at_most_80_characters(reader, name):
    lines = reader.open(name).evaluate(LONGEST_LINES)
    assert len(lines) > 1
    assert max(lines) <= 80
    assert max(lines) > (60 if reader.width > 1000 else 30)  # and they use the room there is


def test_equations_are_drawn(reader):
    tab = reader.open(CHAPTER)
    assert tab.locator("mjx-container").count() == tab.locator(".math").count() > 40
    assert tab.locator("mjx-merror, [data-mjx-error]").count() == 0
    for equation in tab.locator("mjx-container > svg").all()[::10]:
        box = equation.bounding_box()
        assert box["width"] > 4
        assert box["height"] > 4
    letters = tab.locator("mjx-container > svg path").first
    assert letters.bounding_box()["height"] > 2  # shapes, not a font that would have to be there


def test_the_mode_can_be_changed_and_stays(reader):
    tab = reader.open(CHAPTER)
    light = tab.evaluate(BACKGROUND)
    tab.locator("button.theme-switch-button:visible").click()
    tab.locator("button.theme-change-button:visible").get_by_text("Dark").click()
    dark = tab.evaluate(BACKGROUND)
    assert _brightness(dark) < 60 < 200 < _brightness(light)
    assert _brightness(tab.evaluate("getComputedStyle(document.querySelector('article p')).color")) > 180
    assert _brightness(tab.evaluate("getComputedStyle(document.querySelector('mjx-container')).color")) > 180
    assert reader.open("notebooks/01_environment").evaluate(BACKGROUND) == dark


def test_a_system_in_dark_mode_gets_dark_pages(browser, pages):
    context = browser.new_context(color_scheme="dark", offline=True)
    tab = context.new_page()
    tab.goto((pages / f"{CHAPTER}.html").as_uri())
    assert _brightness(tab.evaluate(BACKGROUND)) < 60
    table = tab.locator(".cell_output table").first
    assert _brightness(table.evaluate("table => getComputedStyle(table).color")) > 180
    context.close()


def test_one_pages_through_the_course(reader):
    tab = reader.open("index")
    tab.get_by_role("link", name="1 · What does the driver see").last.click()
    assert tab.title().startswith("1 · ")
    tab.locator("a.right-next").click()
    assert tab.url.endswith(f"{CHAPTER}.html")
    tab.locator("a.left-prev").click()
    assert tab.url.endswith("01_environment.html")
    if reader.width < 1000:
        tab.locator("button.primary-toggle:visible").first.click()
    tab.locator("a.navbar-brand:visible").click()
    assert tab.url.endswith("index.html")


def test_the_table_of_contents_leads_to_a_section(reader):
    tab = reader.open(CHAPTER)
    if reader.width < 1000:
        tab.locator("button.secondary-toggle:visible").first.click()
    tab.locator("a.nav-link[href='#reinforce']:visible").first.click()
    tab.wait_for_function("Math.abs(document.getElementById('reinforce').getBoundingClientRect().top) < 300")


def test_a_prediction_is_folded_until_one_opens_it(reader):
    tab = reader.open(CHAPTER)
    fold = tab.locator("details.below-input").first
    picture = fold.locator("img").first
    assert not picture.is_visible()
    assert picture.get_attribute("alt").count(" ") > 5  # a sentence
    fold.locator("summary").click()
    assert picture.is_visible()
    assert picture.bounding_box()["height"] > 100


def test_code_folds_away(reader):
    tab = reader.open(CHAPTER)
    fold = tab.locator("details.above-input").first
    code = fold.locator("pre")
    assert code.is_visible()
    arrow = fold.locator("summary")
    assert arrow.bounding_box()["x"] + arrow.bounding_box()["width"] <= code.bounding_box()["x"]  # covers no letter
    arrow.click()
    assert not code.is_visible()
    arrow.click()
    assert code.is_visible()


def _brightness(colour):
    numbers = [float(number) for number in colour[colour.index("(") + 1 : -1].split(",")]
    return sum(numbers[:3]) / 3
