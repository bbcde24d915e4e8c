"""How a verdict looks: a sign and a colour, whole words, numbers as they are."""

from types import SimpleNamespace

import IPython

from ppo_lib.exercises.verdicts import KNOWN_MISTAKE, LOOKS, NOT_ATTEMPTED, RIGHT, Verdict, show


def test_right_and_not_yet_differ_by_sign_and_by_colour():
    right, wrong, neither = (LOOKS[kind] for kind in (RIGHT, KNOWN_MISTAKE, NOT_ATTEMPTED))
    assert len({sign for sign, _ in (right, wrong, neither)}) == 3
    assert len({colour for _, colour in (right, wrong, neither)}) == 3
    assert str(Verdict(RIGHT, "Right.")).startswith("✓ Right.")
    assert str(Verdict(KNOWN_MISTAKE, "Not yet.")).startswith("✗ Not yet.")


def test_long_lines_break_between_words_and_numbers_stay_as_they_are():
    words = " ".join(["incomprehensibilities"] * 20)
    example = "x = " + ", ".join(["0.123456"] * 30)
    *lines, last = str(Verdict(KNOWN_MISTAKE, words, example)).splitlines()
    assert max(map(len, lines)) <= 100
    assert " ".join(lines).split()[1:] == words.split()
    assert last == example


def test_the_hint_comes_last_and_code_is_set_as_code():
    verdict = Verdict(KNOWN_MISTAKE, "Look at `x < 1`.", "x = 2", hint="`hint()` helps.")
    assert str(verdict).splitlines() == ["✗ Look at `x < 1`.", "x = 2", "`hint()` helps."]
    assert "Look at <code>x &lt; 1</code>." in verdict._repr_html_()


def test_in_html_nothing_is_taken_for_markup():
    html = Verdict(KNOWN_MISTAKE, "a < b\nsecond", "<script>1 & 2</script>")._repr_html_()
    assert "a &lt; b<br>second" in html
    assert "&lt;script&gt;1 &amp; 2" in html
    assert html.count("<pre") == 1
    assert "<pre" not in Verdict(RIGHT, "Right.")._repr_html_()


def test_in_a_notebook_it_is_a_coloured_box_with_a_plain_text_beside_it(monkeypatch):
    published = []
    shell = SimpleNamespace(display_pub=SimpleNamespace(publish=published.append))
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    verdict = Verdict(RIGHT, "Right.")
    show(verdict)
    assert published == [{"text/plain": "✓ Right.", "text/html": verdict._repr_html_()}]
