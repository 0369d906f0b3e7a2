import inspect

import botocore.exceptions
import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProfileNotFound,
    UnauthorizedSSOTokenError,
)

from sundog.aws.errors import (
    EXCEPTIONS,
    AccessDenied,
    CallContext,
    CredentialsExpired,
    EndpointUnreachable,
    NoCredentials,
    ProfileMissing,
    RegionInvalid,
    RequestRefused,
    Throttled,
    translated,
)
from sundog.errors import BugError, SundogError


def context(**fields):
    known = {
        "service": "cloudformation",
        "operation": "CreateStack",
        "region": "eu-north-1",
        "profile": None,
        "endpoint_url": None,
    }
    return CallContext(**(known | fields))


def translation(error, **fields):
    with pytest.raises(SundogError) as raised, translated(context(**fields)):
        raise error
    return raised.value


def refusal(code, message="no"):
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateStack")


@pytest.mark.parametrize(
    ("region", "fixes"),
    [
        ("eu-wst-1", ["write `eu-west-1`: there is no region `eu-wst-1`", "check the connection"]),
        ("eu-west-1", ["check the connection"]),
        ("cn-north-1", ["check the connection"]),
        ("the-moon", ["check the connection"]),
    ],
)
def test_a_misspelt_region_that_does_not_answer_is_told_which_was_meant(region, fixes):
    error = translation(EndpointConnectionError(endpoint_url="https://sts.example"), region=region)

    assert isinstance(error, EndpointUnreachable)
    assert [fix[: len(begin)] for fix, begin in zip(error.fixes, fixes, strict=True)] == fixes


def test_every_exception_of_botocore_has_a_place_in_the_tables():
    ours = set().union(*EXCEPTIONS.values()) | {"ClientError"}
    theirs = {
        name
        for name, kind in vars(botocore.exceptions).items()
        if inspect.isclass(kind)
        and issubclass(kind, Exception)
        and not issubclass(kind, Warning)
        and kind.__module__ == "botocore.exceptions"
        and not name.startswith("_")
    }

    assert theirs - ours == set()
    assert ours - theirs == set()


def test_no_exception_has_two_places():
    names = [name for names in EXCEPTIONS.values() for name in names]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NoCredentialsError(), NoCredentials),
        (UnauthorizedSSOTokenError(), CredentialsExpired),
        (ProfileNotFound(profile="work"), ProfileMissing),
        (EndpointConnectionError(endpoint_url="https://x"), EndpointUnreachable),
        (ParamValidationError(report="bad"), BugError),
        (refusal("ExpiredToken"), CredentialsExpired),
        (refusal("InvalidClientTokenId"), NoCredentials),
        (refusal("OptInRequired"), RegionInvalid),
        (refusal("Throttling", "Rate exceeded"), Throttled),
        (refusal("ValidationError"), RequestRefused),
    ],
)
def test_an_exception_becomes_an_error_with_its_cause(error, kind):
    found = translation(error)

    assert type(found) is kind
    assert found.__cause__ is error
    assert found.fixes or kind is RequestRefused


def test_a_missing_profile_is_named():
    error = translation(ProfileNotFound(profile="work"), profile="work")

    assert error.what == "the AWS profile `work` does not exist"
    assert error.fixes[1] == "or make it: `aws configure sso --profile work`"


def test_a_denied_call_names_who_what_and_on_what():
    message = (
        "User: arn:aws:iam::111122223333:user/ada is not authorized to perform: iam:PassRole on resource: "
        "arn:aws:iam::111122223333:role/exec because no identity-based policy allows the iam:PassRole action"
    )
    error = translation(refusal("AccessDenied", message))

    assert isinstance(error, AccessDenied)
    assert error.what == (
        "`arn:aws:iam::111122223333:user/ada` may not do `iam:PassRole` on `arn:aws:iam::111122223333:role/exec`"
    )
    assert error.where == "cloudformation:CreateStack in eu-north-1"
    assert error.fixes[0] == "allow `iam:PassRole` in the permissions of that user or role"


def test_a_denied_call_without_details_names_the_operation():
    error = translation(refusal("AccessDenied", "Access Denied"))

    assert error.what == "the credentials may not do `cloudformation:CreateStack`"


def test_a_local_cloud_that_is_down_is_said_to_be():
    local = "http://127.0.0.1:4566"
    error = translation(EndpointConnectionError(endpoint_url=local), endpoint_url=local)

    assert error.what == "the local cloud at `http://127.0.0.1:4566` does not answer"
    assert error.fixes == ("start it: `sundog dev`",)


def test_what_is_not_botocores_passes_unchanged():
    with pytest.raises(ZeroDivisionError), translated(context()):
        raise ZeroDivisionError
