"""A small table: in a notebook a real one, in a terminal aligned columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Table:
    """Rows of texts under headers. The first column names the row, all others are aligned to the right.

    Attributes:
        headers: (C,) of the columns, with their units.
        rows: (R, C) the cells, as they are shown.
    """

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.headers, *self.rows, strict=True)]
        return "\n".join(
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
            for row in (self.headers, *self.rows)
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def line(tag, cells):
            sides = ("left", *["right"] * (len(cells) - 1))
            return "".join(
                f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>'
                for cell, side in zip(cells, sides, strict=True)
            )

        body = "".join(f"<tr>{line('td', row)}</tr>" for row in self.rows)
        return f"<table><thead><tr>{line('th', self.headers)}</tr></thead><tbody>{body}</tbody></table>"
