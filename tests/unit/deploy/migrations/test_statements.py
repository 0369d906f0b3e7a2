"""Where a statement of a file of SQL ends."""

from __future__ import annotations

import pytest

from sundog.deploy.migrations.statements import statements


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1; select 2", ["select 1", "select 2"]),
        ("select ';';", ["select ';'"]),
        ("select 'it''s; so'", ["select 'it''s; so'"]),
        (r"select e'\';'", [r"select e'\';'"]),
        (r"select '\'; select 2", [r"select '\'", "select 2"]),
        ('create table "a;b" (id int)', ['create table "a;b" (id int)']),
        ("select 1 -- one; two\n;", ["select 1 -- one; two"]),
        ("/* a; b */ select 1;", ["/* a; b */ select 1"]),
        ("select $$a;b$$; select $x$ $$;$$ $x$", ["select $$a;b$$", "select $x$ $$;$$ $x$"]),
        (" ;;\n-- nothing\n;", []),
    ],
)
def test_postgres(text, expected):
    assert [statement.sql for statement in statements(text, "postgres")] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select `a;b`; select 2", ["select `a;b`", "select 2"]),
        (r"select 'it\'s; so'", [r"select 'it\'s; so'"]),
        ("select 1 # one; two\n; select 2", ["select 1 # one; two", "select 2"]),
        ("select 1--1; select 2", ["select 1--1", "select 2"]),
    ],
)
def test_mysql(text, expected):
    assert [statement.sql for statement in statements(text, "mysql")] == expected


def test_lines_are_those_of_the_file_and_comments_before_a_statement_do_not_count():
    text = "-- users\n\ncreate table users (\n  id int\n);\n\n/* and\nmore */ BEGIN;\n"
    found = list(statements(text, "postgres"))

    assert [(one.line, one.first_words) for one in found] == [(3, "create table"), (8, "begin")]
