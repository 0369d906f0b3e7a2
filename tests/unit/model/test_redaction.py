from __future__ import annotations

import json

import pytest

from sundog.model.redaction import REDACTED, Redactor

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
        ("key ASIAIOSFODNN7EXAMPLE used", "ASIAIOSFODNN7EXAMPLE"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
        ('{"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG"}', "wJalrXUtnFEMI"),
        ('{"SessionToken":"FwoGZXIvYXdzEBYaDHqa0AP"}', "FwoGZXIvYXdzEBYaDHqa0AP"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ('{"headers": {"authorization": "Token x1y2z3"}}', "x1y2z3"),
        ('{"multiValueHeaders": {"Authorization": ["Token x1y2z3"]}}', "x1y2z3"),
        ("{'Authorization': 'Token x1y2z3'}", "x1y2z3"),
        ('{"body": "{\\"password\\": \\"hunter2\\"}"}', "hunter2"),
        ('{"cookies": ["session=abcdef", "theme=dark"]}', "abcdef"),
        ("postgres://ada:hunter2@db.example/notes", "hunter2"),
        ("redis://:hunter2@cache.example", "hunter2"),
        (f"token was {JWT}", JWT),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdefghijkl"),
        ("https://x.amazonaws.com/?X-Amz-Signature=deadbeef&b=1", "deadbeef"),
        ("password=hunter2 user=ada", "hunter2"),
    ],
)
def test_a_secret_is_taken_out(text, secret):
    cleaned = Redactor().text(text)

    assert secret not in cleaned
    assert REDACTED in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "GET /notes 200 in 12 ms",
        "the token bucket was refilled",
        '{"nextToken": null, "count": 3}',
        '{"nextToken": "page-2"}',
        "see https://docs.aws.amazon.com/lambda/latest/dg/welcome.html",
        "arn:aws:secretsmanager:eu-north-1:000000000000:secret:db",
        "author: Ada",
        "",
    ],
)
def test_other_text_is_left_as_it_is(text):
    assert Redactor().text(text) == text


def test_a_secret_of_several_lines_is_taken_out_line_by_line():
    redactor = Redactor()
    redactor.add_secrets(["{\n  first line of the key\n  second line of the key\n}"])

    assert redactor.shown("first line of the key") == REDACTED
    assert redactor.shown_payload(b"START\n  second line of the key\n}\n") == b"START\n  [redacted]\n}\n"
    assert redactor.text("second line of the key") == REDACTED


def test_values_of_secret_variables_are_taken_out_wherever_they_stand():
    redactor = Redactor({"STRIPE_API_KEY": "hunter2hunter2", "HOME": "/home/ada"})

    assert redactor.text("x-hunter2hunter2-y at /home/ada") == f"x-{REDACTED}-y at /home/ada"


def test_variables_of_functions_can_be_added():
    redactor = Redactor()
    redactor.add_environment({"DB_PASSWORD": 'quo"ted-secret'})

    assert redactor.text(json.dumps('quo"ted-secret')) == f'"{REDACTED}"'


@pytest.mark.parametrize(
    "environ",
    [
        {"TOKEN_TABLE_ARN": "arn:aws:dynamodb:eu-north-1:0:table/tokens"},
        {"API_KEY": "test"},
        {"TOKEN_LIMIT": "1000000"},
    ],
)
def test_values_that_only_point_at_secrets_or_are_common_words_stay(environ):
    (value,) = environ.values()

    assert Redactor(environ).text(f"using {value}") == f"using {value}"


def test_redacted_json_is_still_json():
    event = {
        "headers": {"Authorization": 'Bearer "quoted" \\ abc', "Cookie": "a=b; c=d", "accept": "*/*"},
        "cookies": ["a=b", "c=d"],
        "body": json.dumps({"password": 'x"y', "nested": json.dumps({"token": 1})}),
        "requestContext": {"identity": {"apiKey": "abcdef123456"}},
    }
    cleaned = json.loads(Redactor().payload(json.dumps(event).encode()))

    assert cleaned["headers"] == {"Authorization": REDACTED, "Cookie": REDACTED, "accept": "*/*"}
    assert cleaned["cookies"] == [REDACTED]
    assert json.loads(cleaned["body"])["password"] == REDACTED
    assert cleaned["requestContext"]["identity"]["apiKey"] == REDACTED


def test_bytes_that_are_no_text_are_left_alone():
    assert Redactor().payload(b"\xff\xfe\x00") == b"\xff\xfe\x00"


@pytest.mark.parametrize("length", range(8100, 8220, 7))
def test_a_secret_is_found_wherever_a_long_text_is_cut(length):
    secret = '"authorization": "Token abcdefghijklmnop"'
    text = "x " * (length // 2) + secret + " y" * 10_000

    assert "abcdefghijklmnop" not in Redactor().text(text)


def test_long_text_without_secrets_is_not_changed_by_cutting():
    text = json.dumps([{"id": number, "token_count": number} for number in range(20_000)])

    assert Redactor().text(text) == text


def test_secrets_of_the_app_are_kept_out_of_what_is_shown_and_nothing_else():
    redactor = Redactor({"API_TOKEN": "environment-value"})
    redactor.add_secrets(['line "one"\nline two', "short"])

    assert redactor.shown('got line "one"\nline two') == "got [redacted]"
    assert redactor.shown_payload(b'{"k": "line \\"one\\"\\nline two"} \xff') == b'{"k": "[redacted]"} \xff'
    assert redactor.shown("short environment-value") == "short environment-value"
    assert redactor.text("environment-value") == "[redacted]"
