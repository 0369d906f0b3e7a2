import pytest

from sundog.aws.embedded.addresses import rewrite_url

HERE = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "https://abc12345.execute-api.us-east-1.amazonaws.com",
            f"{HERE}/_aws/execute-api/abc12345/$default",
        ),
        (
            "https://abc12345.execute-api.us-east-1.amazonaws.com/",
            f"{HERE}/_aws/execute-api/abc12345/$default/",
        ),
        (
            "https://abc12345.execute-api.us-east-1.amazonaws.com/prod/",
            f"{HERE}/_aws/execute-api/abc12345/prod/",
        ),
        ("http://abc12345.execute-api.127.0.0.1:4566", f"{HERE}/_aws/execute-api/abc12345/$default"),
        (
            "wss://abc12345.execute-api.eu-west-1.amazonaws.com/live",
            "ws://127.0.0.1:4566/_aws/execute-api/abc12345/live",
        ),
        (
            "https://a1b2.appsync-api.eu-west-1.amazonaws.com/graphql",
            f"{HERE}/v1/apis/a1b2/graphql",
        ),
        (
            "wss://a1b2.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
            "ws://127.0.0.1:4566/v1/apis/a1b2/graphql/realtime",
        ),
        ("https://sqs.us-east-1.amazonaws.com/000000000000/q", f"{HERE}/000000000000/q"),
        ("https://0a1b.lambda-url.us-east-1.on.aws/", f"{HERE}/_aws/lambda-url/0a1b/"),
        ("https://photos.s3.eu-west-1.amazonaws.com/a.png", f"{HERE}/photos/a.png"),
        ("https://s3.eu-west-1.amazonaws.com/photos/a.png", f"{HERE}/photos/a.png"),
        (f"{HERE}/000000000000/q", f"{HERE}/000000000000/q"),
        ("https://example.com/execute-api", "https://example.com/execute-api"),
        ("arn:aws:sqs:us-east-1:000000000000:q", "arn:aws:sqs:us-east-1:000000000000:q"),
        (
            "api=https://a1.execute-api.x.amazonaws.com/ queue=https://sqs.x.amazonaws.com/000000000000/q",
            f"api={HERE}/_aws/execute-api/a1/$default/ queue={HERE}/000000000000/q",
        ),
    ],
)
def test_addresses_of_aws_become_addresses_of_this_machine(text, expected):
    assert rewrite_url(HERE, text) == expected
