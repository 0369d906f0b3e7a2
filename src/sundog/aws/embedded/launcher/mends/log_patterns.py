"""Filter patterns of CloudWatch Logs: words, JSON and lines of fields.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from .pipe_input import MISSING, at_path

Pattern: TypeAlias = Callable[[str], "Mapping[str, Any] | None"]
"""Takes a line of a log; returns what it says, by field, or None when the pattern does not let it through."""
_Condition: TypeAlias = Callable[[Callable[[str], Any]], bool]
"""Takes what finds a field."""

_TOKEN = re.compile(
    r"\s*(?:(?P<text>\"(?:\\.|[^\"\\])*\")|(?P<regex>%[^%]+%)|(?P<sign>&&|\|\||!=|<=|>=|[=<>()])|(?P<word>[^\s()=<>!&|]+))"
)
_TERM = re.compile(r"\s*([-?]?)(?:(\"(?:\\.|[^\"\\])*\")|(%[^%]+%)|(\S+))")
_FIELD = re.compile(r"\"([^\"]*)\"|\[([^\]]*)\]|(\S+)")
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@lru_cache(maxsize=512)
def compiled(text: str) -> Pattern:
    """Return what a pattern lets through.

    Args:
        text: As CloudWatch Logs takes it; empty for every line.

    Raises:
        ValueError: It is no pattern.
    """
    text = text.strip()
    if text.startswith("{"):
        return _of_json(text)
    if text.startswith("["):
        return _of_fields(text)
    return _of_words(text)


def _of_words(text: str) -> Pattern:
    by_sign: dict[str, list[re.Pattern[str]]] = {"": [], "?": [], "-": []}
    for sign, quoted, regex, word in _TERM.findall(text):
        found = re.compile(regex[1:-1] if regex else re.escape(_plain(quoted) if quoted else word))
        by_sign[sign].append(found)
    needed, optional, excluded = by_sign.values()

    def match(line: str) -> Mapping[str, Any] | None:
        # Beside a word that is needed, one that is optional says nothing.
        chosen = all(one.search(line) for one in needed) if needed else not optional or _any(optional, line)
        return {} if chosen and not _any(excluded, line) else None

    return match


def _any(patterns: Sequence[re.Pattern[str]], line: str) -> bool:
    return any(one.search(line) for one in patterns)


def _of_json(text: str) -> Pattern:
    if not text.endswith("}"):
        raise ValueError(f"the pattern does not end with }}: {text}")
    condition = _Parser(text[1:-1]).whole()

    def match(line: str) -> Mapping[str, Any] | None:
        try:
            said = json.loads(line)
        except ValueError:
            return None
        return said if isinstance(said, dict) and condition(lambda name: at_path(name, said)) else None

    return match


def _of_fields(text: str) -> Pattern:
    if not text.endswith("]"):
        raise ValueError(f"the pattern does not end with ]: {text}")
    parts = [part.strip() for part in text[1:-1].split(",")]
    names, conditions = [], []
    for part in parts:
        name = re.match(r"[\w$.]*", part)
        names.append(name[0] if name else "")
        if name and name[0] != part:
            conditions.append(_Parser(part).whole())

    def match(line: str) -> Mapping[str, Any] | None:
        values = ["".join(found) for found in _FIELD.findall(line)]
        said = _by_name(names, values)
        if said is None:
            return None
        return (
            said if all(condition(lambda name: said.get(name, MISSING)) for condition in conditions) else None
        )

    return match


def _by_name(names: list[str], values: list[str]) -> dict[str, str] | None:
    """Return the fields of a line by name; `...` stands for as many as there are, and others must be as many."""
    if "..." in names:
        gap = names.index("...")
        after = len(names) - gap - 1
        if len(values) < len(names) - 1:
            return None
        values = [*values[:gap], "", *(values[-after:] if after else ())]
    if len(names) != len(values):
        return None
    return {name: value for name, value in zip(names, values, strict=True) if name.strip(".")}


class _Parser:
    """Reads conditions: `$.a = "b" && ($.n > 1 || $.c NOT EXISTS)`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise ValueError(f"`{text[position:].strip()}` cannot be read")
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()

    def whole(self) -> _Condition:
        condition = self._either()
        if self._tokens:
            raise ValueError(f"`{self._tokens[0][1]}` stands where nothing may: {self._text}")
        return condition

    def _take(self) -> tuple[str, str]:
        if not self._tokens:
            raise ValueError(f"the pattern ends too early: {self._text}")
        return self._tokens.pop(0)

    def _follows(self, sign: str) -> bool:
        if self._tokens and self._tokens[0] == ("sign", sign):
            self._tokens.pop(0)
            return True
        return False

    def _either(self) -> _Condition:
        parts = [self._both()]
        while self._follows("||"):
            parts.append(self._both())
        return lambda field: any(part(field) for part in parts)

    def _both(self) -> _Condition:
        parts = [self._one()]
        while self._follows("&&"):
            parts.append(self._one())
        return lambda field: all(part(field) for part in parts)

    def _one(self) -> _Condition:
        if self._follows("("):
            inner = self._either()
            if not self._follows(")"):
                raise ValueError(f"a bracket is not closed: {self._text}")
            return inner
        _, name = self._take()
        kind, sign = self._take()
        if kind == "word":
            return self._about(name, sign.upper())
        value_kind, value = self._take()
        if sign in _ORDER:
            number, order = float(value), _ORDER[sign]
            return lambda field: _in_order(field(name), order, number)
        if sign not in {"=", "!="}:
            raise ValueError(f"`{sign}` compares nothing: {self._text}")
        same = _sameness(value_kind, value)
        wanted = sign == "="
        return lambda field: field(name) is not MISSING and _some(field(name), same) is wanted

    def _about(self, name: str, word: str) -> _Condition:
        _, what = self._take()
        meaning = f"{word} {what.upper()}"
        known: dict[str, Any] = {"IS TRUE": True, "IS FALSE": False, "IS NULL": None}
        if meaning == "NOT EXISTS":
            return lambda field: field(name) is MISSING
        if meaning not in known:
            raise ValueError(f"`{meaning}` is said of nothing: {self._text}")
        return lambda field: field(name) is known[meaning]


def _plain(quoted: str) -> str:
    return quoted[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def _sameness(kind: str, value: str) -> Callable[[Any], bool]:
    """Return what tells whether a field is the value of a pattern: a text with wildcards, an expression, a number."""
    if kind == "regex":
        expression = re.compile(value[1:-1])
        return lambda found: expression.search(_as_text(found)) is not None
    text = _plain(value) if kind == "text" else value
    wildcards = re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)
    number = _number(text) if kind == "word" else None

    def same(found: Any) -> bool:
        if number is not None and _number(found) is not None:
            return _number(found) == number
        return wildcards.fullmatch(_as_text(found)) is not None

    return same


def _some(found: Any, same: Callable[[Any], bool]) -> bool:
    return any(map(same, found)) if isinstance(found, list) else same(found)


def _in_order(found: Any, order: Callable[[float, float], bool], number: float) -> bool:
    value = _number(found)
    return value is not None and order(value, number)


def _number(found: Any) -> float | None:
    if found is MISSING or found is None or isinstance(found, bool):
        return None
    try:
        return float(found)
    except (TypeError, ValueError):
        return None


def _as_text(found: Any) -> str:
    return found if isinstance(found, str) else json.dumps(found)
