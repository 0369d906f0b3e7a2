"""Filter patterns of CloudWatch Logs: which lines they let through, and what they read in them."""

from __future__ import annotations

import json

import pytest

from sundog.aws.embedded.launcher.mends.log_patterns import compiled

EVENT = {
    "level": "ERROR",
    "took": 120,
    "user": {"name": "ada"},
    "tags": ["a", "b"],
    "gone": None,
    "ok": False,
}


@pytest.mark.parametrize(
    ("pattern", "line", "passes"),
    [
        ("", "anything", True),
        ("ERROR", "an ERROR here", True),
        ("ERROR", "an error here", False),
        ("ERROR disk", "disk ERROR", True),
        ("ERROR disk", "ERROR", False),
        ('"disk full"', "the disk full", True),
        ('"disk full"', "full disk", False),
        ("?ERROR ?WARN", "a WARN", True),
        ("?ERROR ?WARN", "an INFO", False),
        ("ERROR -expected", "ERROR expected", False),
        ("ERROR -expected", "ERROR", True),
        ("%5[0-9]{2}%", "status 503", True),
        ("%5[0-9]{2}%", "status 404", False),
    ],
)
def test_words(pattern, line, passes):
    assert (compiled(pattern)(line) is not None) is passes


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ('{ $.level = "ERROR" }', True),
        ("{ $.level = ERROR }", True),
        ('{ $.level = "ERR*" }', True),
        ('{ $.level != "ERROR" }', False),
        ("{ $.took > 100 }", True),
        ("{ $.took <= 100 }", False),
        ("{ $.took = 120 }", True),
        ('{ $.user.name = "ada" && $.took >= 120 }', True),
        ('{ ($.level = "INFO" || $.took > 1) && $.user.name = "bob" }', False),
        ('{ $.tags[0] = "a" }', True),
        ('{ $.tags[*] = "b" }', True),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.level NOT EXISTS }", False),
        ("{ $.gone IS NULL }", True),
        ("{ $.ok IS FALSE }", True),
        ("{ $.ok IS TRUE }", False),
        ('{ $.missing != "x" }', False),
        ("{ $.level = %ERR|WARN% }", True),
    ],
)
def test_json(pattern, passes):
    assert (compiled(pattern)(json.dumps(EVENT)) is not None) is passes


def test_a_line_that_is_no_json_passes_no_pattern_of_json():
    assert compiled('{ $.level = "ERROR" }')("level ERROR") is None


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ("[ip, user, request, status, bytes]", True),
        ("[ip, user, request, status]", False),
        ("[ip, user, request, status = 5*, bytes]", True),
        ("[ip, user, request, status = 4*, bytes]", False),
        ("[..., status, bytes > 1000]", True),
        ("[ip, ...]", True),
        ('[ip, user, request = "GET *", ...]', True),
        ("[ip != 10.*, ...]", False),
        ("[w = 10.0.0.1 || w = 10.0.0.2, ...]", True),
    ],
)
def test_fields(pattern, passes):
    assert (compiled(pattern)('10.0.0.1 ada "GET /notes" 503 2048') is not None) is passes


def test_what_a_line_says_is_found_by_name():
    assert compiled("[ip, user, ..., bytes]")('10.0.0.1 ada "GET /" 200 17') == {
        "ip": "10.0.0.1",
        "user": "ada",
        "bytes": "17",
    }


@pytest.mark.parametrize(
    "pattern",
    ["{ $.a = 1", "[a, b", "{ $.a ~ 1 }", "{ $.a = 1 && }", "{ ($.a = 1 }", "{ $.a IS ODD }", "{ }"],
)
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(ValueError, match=r"."):
        compiled(pattern)
