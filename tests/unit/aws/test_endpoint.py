import anyio
import pytest

from sundog.aws.endpoint import LOCAL_ACCOUNT, AwsConnection, Pace
from sundog.aws.errors import EndpointUnreachable, ProfileMissing
from sundog.model.project import Stage

LOCAL = Stage(name="local", region="eu-north-1")
URL = "http://127.0.0.1:9"


@pytest.fixture
def users_settings(tmp_path, monkeypatch):
    """A machine whose AWS settings would break, or leak into, a local stage."""
    config = tmp_path / "config"
    config.write_text("[default]\nregion = us-west-2\nendpoint_url = http://elsewhere.invalid\n[broken\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "users-own")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://elsewhere.invalid")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    monkeypatch.setenv("AWS_RETRY_MODE", "nonsense")


@pytest.mark.usefixtures("users_settings")
def test_a_local_stage_uses_nothing_of_the_users_aws_settings():
    client = AwsConnection(LOCAL, endpoint_url=URL).client("s3")
    credentials = client._request_signer._credentials

    assert (credentials.access_key, credentials.secret_key, credentials.token) == ("test", "test", None)
    assert client.meta.endpoint_url == URL
    assert client.meta.region_name == "eu-north-1"
    assert client._endpoint.http_session._proxy_config._proxies == {}


@pytest.mark.usefixtures("users_settings")
def test_a_local_stage_knows_its_account_without_asking():
    connection = AwsConnection(LOCAL, endpoint_url=URL)

    assert anyio.run(connection.account_id) == LOCAL_ACCOUNT
    assert anyio.run(connection.partition) == "aws"


def test_clients_are_made_once_even_by_many_threads():
    connection = AwsConnection(LOCAL, endpoint_url=URL)
    found = []

    async def ask():
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(take)

    async def take():
        found.append(await anyio.to_thread.run_sync(connection.client, "sts"))

    anyio.run(ask)

    assert len({id(client) for client in found}) == 1


def test_an_endpoint_that_is_down_is_an_error_of_ours():
    connection = AwsConnection(LOCAL, endpoint_url=URL)

    async def ask():
        await connection.call("sts", "get_caller_identity")

    with pytest.raises(EndpointUnreachable) as raised:
        anyio.run(ask)

    assert raised.value.where == "sts:GetCallerIdentity in eu-north-1"


def test_a_missing_profile_is_an_error_of_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    connection = AwsConnection(Stage(name="prod", region="eu-north-1", profile="nobody"))
    with pytest.raises(ProfileMissing) as raised:
        anyio.run(connection.account_id)

    assert raised.value.what == "the AWS profile `nobody` does not exist"


def test_polling_slows_down_to_a_limit():
    pace = Pace(first=1.0, longest=3.0)

    assert [pace.next(1.0), pace.next(2.0), pace.next(3.0)] == [1.5, 3.0, 3.0]
