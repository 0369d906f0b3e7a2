from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sundog.cli.dotenv import InvalidSecretsFile, as_dotenv, parse_dotenv


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("KEY=value", {"KEY": "value"}),
        ("export KEY = value  \n", {"KEY": "value"}),
        ("# a remark\n\nKEY=a # a remark\nOTHER=b#c\n", {"KEY": "a", "OTHER": "b#c"}),
        ("KEY='it is \"raw\" \\n'\n", {"KEY": 'it is "raw" \\n'}),
        ('KEY="two\\nlines \\"quoted\\"" # a remark\n', {"KEY": 'two\nlines "quoted"'}),
        ('KEY="-----BEGIN\nlines\nEND-----"\nB=2', {"KEY": "-----BEGIN\nlines\nEND-----", "B": "2"}),
        ("KEY=\n", {"KEY": ""}),
        ("KEY=a=b=c\r\nB=2\r\n", {"KEY": "a=b=c", "B": "2"}),
        ("KEY=1\nKEY=2\n", {"KEY": "2"}),
    ],
)
def test_files_as_people_write_them(text, found):
    assert parse_dotenv(text, "x.env") == found


@pytest.mark.parametrize("text", ["A=1\nnonsense\n", 'A=1\nB="open\n', "A=1\n1B=2\n", "A=1\nB='x' y\n"])
def test_a_wrong_line_is_named_and_not_shown(text):
    with pytest.raises(InvalidSecretsFile) as error:
        parse_dotenv(text, "x.env")

    assert str(error.value.where) == "x.env:2"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_written_is_read_again(value):
    assert parse_dotenv(as_dotenv("KEY", value), "x.env") == {"KEY": value}
