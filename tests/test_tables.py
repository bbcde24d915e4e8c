"""Tables are the same in a terminal and on a page."""

import pytest

from ppo_lib.tables import Table

TABLE = Table(("driver", "return"), [("random", "7.3"), ("always <IDLE>", "10.15")])


def test_in_a_terminal_columns_are_aligned():
    assert str(TABLE).splitlines() == [
        "driver         return",
        "random            7.3",
        "always <IDLE>   10.15",
    ]
    assert repr(TABLE) == str(TABLE)


def test_on_a_page_it_is_a_table_of_text():
    html = TABLE._repr_html_()
    assert html.count("<tr>") == 3
    assert "always &lt;IDLE&gt;" in html
    assert html.count("text-align:left") == 3


def test_a_row_of_another_length_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        str(Table(("a", "b"), [("1",)]))
