"""What a check says, and how it looks: in a notebook a coloured box, in a terminal plain lines."""

import re
import sys
from dataclasses import dataclass
from html import escape
from textwrap import fill

NOT_ATTEMPTED, RIGHT, KNOWN_MISTAKE, WRONG, ERROR = "not attempted", "right", "known mistake", "wrong", "error"
HINT = "hint"  # no verdict, but shown as one
# Sign and colour of each kind: told apart by the sign alone, and by colours that the colour-blind see, too.
LOOKS = {
    NOT_ATTEMPTED: ("○", "#888888"),
    RIGHT: ("✓", "#0072b2"),
    KNOWN_MISTAKE: ("✗", "#d55e00"),
    WRONG: ("✗", "#d55e00"),
    ERROR: ("✗", "#d55e00"),
    HINT: ("→", "#999999"),
}
LINE_WIDTH = 100
BOX = "padding:4px 12px;max-width:56em;word-break:normal;overflow-wrap:normal"
NUMBERS = "margin:6px 0;overflow-x:auto;white-space:pre;font-family:monospace"


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        kind: NOT_ATTEMPTED, RIGHT, KNOWN_MISTAKE, WRONG or ERROR.
        message: the sentences for the student.
        example: lines of numbers that belong to it, to be shown as they are; empty if there are none.
        mistakes: the names of the mistakes that were recognised.
        hint: how to get a hint; empty where none is needed.
    """

    kind: str
    message: str
    example: str = ""
    mistakes: tuple[str, ...] = ()
    hint: str = ""

    def __str__(self) -> str:
        sign, _ = LOOKS[self.kind]
        first, *others = (fill(text, LINE_WIDTH - 2) for text in self.message.split("\n"))
        first = f"{sign} {first}".replace("\n", "\n  ")
        return "\n".join([first, *others, *filter(None, [self.example, self.hint])])

    def _repr_html_(self) -> str:
        sign, colour = LOOKS[self.kind]
        first, *others = map(_html, self.message.split("\n"))
        first = re.sub(r"^(Right\.|Not yet\.)", r"<b>\1</b>", first)
        text = "<br>".join([f'<b style="color:{colour}">{sign}</b> {first}', *others])
        example = f'<pre style="{NUMBERS}">{escape(self.example)}</pre>' if self.example else ""
        hint = f'<div style="opacity:0.7">{_html(self.hint)}</div>' if self.hint else ""
        return f'<div style="border-left:5px solid {colour};{BOX}">{text}{example}{hint}</div>'


def _html(text) -> str:
    """Text for a page, with `code` in backticks set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def show(verdict: Verdict) -> None:
    """Display the verdict in a notebook, or print it elsewhere."""
    if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()) is not None:
        shell.display_pub.publish({"text/plain": str(verdict), "text/html": verdict._repr_html_()})
    else:
        print(verdict)
