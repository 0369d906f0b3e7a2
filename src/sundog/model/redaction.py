r"""Take secrets out of text before it is written anywhere.

Four kinds are known: values of environment variables whose names look secret; keys with a shape of their own (AWS, JWT,
PEM blocks, GitHub, Slack, Stripe); values beside a name that says so (`Authorization`, `password`, `SecretAccessKey`) in
headers, JSON, JSON inside JSON strings and `name=value` text; and credentials in URLs. What remains keeps its shape, so that a
redacted JSON document is still JSON.

A pattern can miss a secret that looks like any other word. Nothing here is a reason to log one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

REDACTED = "[redacted]"

_SHORTEST_SECRET = 6
"""Shorter values (`test`, `dev`) would black out ordinary text."""
_SHORTEST_LINE = 12
"""Of a secret with several lines; shorter ones are as likely a bracket or a heading."""

_SECRET_VARIABLE = re.compile(
    r"SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SIGNING_?KEY|ENCRYPTION_?KEY"
    r"|CREDENTIAL|CONNECTION_STRING",
    re.IGNORECASE,
)
_NOT_SECRET_VALUE = re.compile(r"arn:[\w-]+:|/|https?://[^@]*$|\d+$|(?:true|false|null|none)$", re.IGNORECASE)
"""Names such as `TOKEN_TABLE_ARN` and `SECRET_NAME_PATH` point at secrets without being one."""

_HEADER_NAMES = "authorization|proxy-authorization|x-api-key|x-amz-security-token|x-auth-token|x-csrf-token|cookie|set-cookie"
_FIELD_NAMES = (
    r"password|passwd|passphrase|secret|client_?secret|access_?token|refresh_?token|id_?token|auth_?token|api_?key"
    r"|private_?key|secret_?access_?key|session_?token|security_?token|aws_?secret_?access_?key|aws_?session_?token"
    r"|secret_?string|new_?password|old_?password|x-amz-signature|x-amz-credential"
)
_NAMES = rf"(?:{_HEADER_NAMES}|{_FIELD_NAMES})"

_IN_JSON = re.compile(rf'("{_NAMES}"\s*:\s*(?:\[\s*)?")((?:\\.|[^"\\])+)(")', re.IGNORECASE)
_IN_NESTED_JSON = re.compile(rf'(\\"{_NAMES}\\"\s*:\s*\\")((?:\\\\\\"|(?!\\").)+)(\\")', re.IGNORECASE)
_IN_PYTHON = re.compile(rf"('{_NAMES}'\s*:\s*(?:\[\s*)?')((?:\\.|[^'\\])+)(')", re.IGNORECASE)
_COOKIE_LIST = re.compile(r'("cookies"\s*:\s*\[)([^\]]+)(\])', re.IGNORECASE)
_HEADER_LINE = re.compile(
    rf"(\b(?:{_HEADER_NAMES})[=:]\s*)((?:(?:bearer|basic)\s+)?[^\s,;\"'\\]+)", re.IGNORECASE
)
_ASSIGNMENT = re.compile(rf"((?<![\w:/])(?:{_FIELD_NAMES})\s?[=:]\s?)([^\s,;&\"'\\}}\])]+)", re.IGNORECASE)
_URL_CREDENTIALS = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@\"']*:)([^\s/@\"']+)(@)", re.IGNORECASE)
_AWS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_AWS_SESSION = re.compile(r"\b(?:FwoGZXIvYXdz|IQoJb3JpZ2lu)[A-Za-z0-9/+=]{40,}")
_JWT = re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*")
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL)
_VENDOR_KEY = re.compile(
    r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bxox[abpr]-[\w-]{10,}|\b[sr]k_live_\w{16,}"
)
_BEARER = re.compile(r"(\b(?:bearer|basic)\s+)([A-Za-z0-9._~+/=-]{12,})", re.IGNORECASE)

_NAME_TRIGGERS = (
    "authorization", "apikey", "api-key", "api_key", "token", "cookie", "passw", "passphrase", "secret", "private", "signature", "credential",
)  # fmt: skip


class _Rule(NamedTuple):
    triggers: tuple[str, ...]
    """Lower-case texts, one of which is in anything that the pattern matches: looking for them is a hundred times quicker."""
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


def _after_name(match: re.Match[str]) -> str:
    return match[0] if match[2].startswith(REDACTED) else f"{match[1]}{REDACTED}"


_BETWEEN = rf"\1{REDACTED}\3"
_RULES = (
    _Rule(("akia", "asia"), _AWS_KEY, REDACTED),
    _Rule(("fwogzxivyxdz", "iqojb3jpz2lu"), _AWS_SESSION, REDACTED),
    _Rule(("eyj",), _JWT, REDACTED),
    _Rule(("private key-----",), _PEM, REDACTED),
    _Rule(
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xoxa", "xoxb", "xoxp", "xoxr", "k_live_"),
        _VENDOR_KEY,
        REDACTED,
    ),
    _Rule(_NAME_TRIGGERS, _IN_JSON, _BETWEEN),
    _Rule(_NAME_TRIGGERS, _IN_NESTED_JSON, _BETWEEN),
    _Rule(_NAME_TRIGGERS, _IN_PYTHON, _BETWEEN),
    _Rule(("://",), _URL_CREDENTIALS, _BETWEEN),
    _Rule(('"cookies"',), _COOKIE_LIST, rf'\1"{REDACTED}"\3'),
    _Rule(_NAME_TRIGGERS, _HEADER_LINE, _after_name),
    _Rule(_NAME_TRIGGERS, _ASSIGNMENT, _after_name),
    _Rule(("bearer", "basic"), _BEARER, _after_name),
)

_PIECE = 8192
"""Long text is worked on in pieces: a pattern holds the interpreter's lock for as long as it runs, and the session waits."""
_REACH = 4096
"""A cut between pieces looks this far to both sides for a secret that it would divide."""


class Redactor:
    """Knows the secrets of one session.

    Example:
        >>> Redactor({"STRIPE_API_KEY": "hunter2hunter2"}).text("key is hunter2hunter2")
        'key is [redacted]'
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """Start with the secrets of an environment."""
        self._values: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self._secrets: set[str] = set()
        self._secret: re.Pattern[str] | None = None
        self.add_environment(environ or {})

    def add_environment(self, environ: Mapping[str, str]) -> None:
        """Learn the values of variables whose names look secret; a function's own variables, for one."""
        self.add_values(
            value
            for name, value in environ.items()
            if _SECRET_VARIABLE.search(name) and not _NOT_SECRET_VALUE.match(value)
        )

    def add_values(self, values: Iterable[str]) -> None:
        """Learn secrets that the caller knows to be some. Short ones are ignored."""
        self._values |= _forms(values)
        self._known = _any_of(self._values)

    def add_secrets(self, values: Iterable[str]) -> None:
        """Learn the values of the app's own secrets, which are kept out of what is shown as well. Short ones are ignored."""
        values = list(values)
        self._secrets |= _forms(values)
        self._secret = _any_of(self._secrets)
        self.add_values(values)

    @property
    def has_secrets(self) -> bool:
        """Whether the app has secrets that were learnt."""
        return self._secret is not None

    def shown(self, text: str) -> str:
        """Return text without the app's own secrets; what only looks like a secret is left to the person who reads it."""
        return text if self._secret is None else self._secret.sub(REDACTED, text)

    def shown_payload(self, payload: bytes) -> bytes:
        """Return an event or a result without the app's own secrets."""
        if self._secret is None:
            return payload
        # Bytes that are no text come back as they were.
        return self.shown(payload.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def text(self, text: str) -> str:
        """Return text without the secrets that it held."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        if len(text) <= _PIECE:
            return _cleaned(text)
        return "".join(_cleaned(piece) for piece in _pieces(text))

    def payload(self, payload: bytes) -> bytes:
        """Return an event or a result without the secrets that it held; anything but UTF-8 is left alone."""
        try:
            text = payload.decode("utf-8")
        except UnicodeDecodeError:
            return payload
        cleaned = self.text(text)
        return payload if cleaned is text else cleaned.encode("utf-8")


def _forms(values: Iterable[str]) -> set[str]:
    long_enough = [value for value in values if len(value) >= _SHORTEST_SECRET]
    # A key of several lines is printed, and met, line by line.
    lines = [line.strip() for value in long_enough if "\n" in value for line in value.splitlines()]
    long_enough += [line for line in lines if len(line) >= _SHORTEST_LINE]
    return {form for value in long_enough for form in (value, json.dumps(value)[1:-1])}


def _any_of(values: set[str]) -> re.Pattern[str] | None:
    longest_first = sorted(values, key=len, reverse=True)
    return re.compile("|".join(re.escape(value) for value in longest_first)) if values else None


def _cleaned(text: str) -> str:
    lowered = text.lower()
    for rule in _RULES:
        if any(trigger in lowered for trigger in rule.triggers):
            text = rule.pattern.sub(rule.replacement, text)
    return text


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = min(start + _PIECE, len(text))
        if end < len(text):
            end = _undivided(text, start, end)
        yield text[start:end]
        start = end


def _undivided(text: str, start: int, cut: int) -> int:
    first = max(start, cut - _REACH)
    around = text[first : cut + _REACH].lower()
    for rule in _RULES:
        if not any(trigger in around for trigger in rule.triggers):
            continue
        for match in rule.pattern.finditer(text, first, cut + _REACH):
            if match.start() < cut < match.end():
                cut = match.end()
    return cut
