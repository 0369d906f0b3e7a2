"""The way to a stage's cloud: the only place that asks whether a stage is local.

Everything that differs between the embedded cloud and AWS is an attribute of `AwsConnection`: endpoint, credentials,
timeouts, the pace of polling, whether the roles of the CDK bootstrap are used. Code that holds a connection asks these,
never which cloud it is.

botocore takes 0.3 to 0.8 s to import and a client 10 to 200 ms to make, so both happen when first needed, in a worker
thread, and clients are kept. botocore's clients may be shared between threads, making one may not: hence the lock.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio.to_thread
import msgspec

from sundog.aws.errors import AccountMismatch, CallContext, translated
from sundog.model.functions import Credentials
from sundog.model.project import Stage

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session

LOCAL_ACCOUNT = "000000000000"
"""The account that everything on a local stage belongs to."""

_LOCAL_CREDENTIALS = Credentials(
    access_key_id="test",
    secret_access_key="test",  # noqa: S106 - what emulators accept; it opens nothing
    session_token="",
    expires_at=float("inf"),
)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How often to ask again while something is under way, in seconds."""

    first: float
    longest: float
    factor: float = 1.5

    def next(self, delay: float) -> float:
        """Return the delay that follows one."""
        return min(delay * self.factor, self.longest)


class _Key(NamedTuple):
    service: str
    region: str


class AwsConnection:
    """Clients for one stage, made when first used and kept."""

    def __init__(
        self,
        stage: Stage,
        *,
        endpoint_url: str | None = None,
        profile: str | None = None,
        credentials: Credentials | None = None,
        bootstrapped: bool | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Prepare a connection; nothing is contacted or imported yet.

        Args:
            stage: Names region, profile and expected account.
            endpoint_url: Where the cloud of a local stage listens. A stage in AWS has none.
            profile: Overrides the stage's profile.
            credentials: Use these instead of finding the user's.
            bootstrapped: Whether `cdk bootstrap` prepared the account; by default only AWS is taken to be so.
            environ: Read for nothing but to tell a person which variables were in effect.
        """
        self.stage = stage
        self.region = stage.region
        self.endpoint_url = endpoint_url
        self.is_local = endpoint_url is not None
        self.uses_bootstrap = not self.is_local if bootstrapped is None else bootstrapped
        """Whether `cdk bootstrap` prepared the account; otherwise the deploy engine prepares what it needs."""
        self.runs_code = not self.is_local
        """Whether functions run where the code is sent to; a local stage runs the sources."""
        self.profile = None if self.is_local else profile or stage.profile
        self._credentials = credentials or (_LOCAL_CREDENTIALS if self.is_local else None)
        self._environ = environ
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._clients: dict[_Key, Any] = {}
        self._account: str | None = LOCAL_ACCOUNT if self.is_local else None

    @property
    def pace(self) -> Pace:
        """How often to poll: CloudFormation throttles accounts, the embedded cloud is done in 50 ms."""
        return Pace(first=0.01, longest=0.5) if self.is_local else Pace(first=1.0, longest=3.0)

    @property
    def stalled_after_seconds(self) -> float:
        """After how long without news a stack that somebody else changes counts as stuck.

        An emulator that was killed in the middle of a change forgets to go on; AWS never does.
        """
        return 10.0 if self.is_local else 3600.0

    def client(self, service: str, region: str | None = None) -> Any:  # noqa: ANN401 - botocore makes these classes at run time
        """Return the client of a service. Blocks while it is made for the first time."""
        key = _Key(service, region or self.region)
        client = self._clients.get(key)
        if client is None:
            with self._lock:
                client = self._clients.get(key) or self._make_client(key)
                self._clients[key] = client
        return client

    async def call(self, service: str, method: str, /, **parameters: object) -> dict[str, Any]:
        """Call an operation in a worker thread.

        Args:
            service: botocore's name: `cloudformation`.
            method: botocore's name: `describe_stacks`.
            parameters: The operation's own, in AWS's spelling.

        Raises:
            AwsError: The service refused, or could not be reached.
        """
        return await anyio.to_thread.run_sync(self.call_now, service, method, parameters)

    def call_now(self, service: str, method: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        """Do what `call` does, in this thread.

        Raises:
            AwsError: The service refused, or could not be reached.
        """
        with translated(self._context(service, method)):
            response: dict[str, Any] = getattr(self.client(service), method)(**parameters)
        return response

    async def warm(self, *services: str) -> None:
        """Import botocore and make clients before they are needed, off the event loop."""

        def make() -> None:
            for service in services:
                with translated(self._context(service, "")):
                    self.client(service)

        await anyio.to_thread.run_sync(make)

    async def account_id(self) -> str:
        """Return the account that the credentials belong to; asked once.

        Raises:
            AccountMismatch: The stage's settings name another account.
            AwsError: There are no valid credentials.
        """
        if self._account is None:
            identity = await self.call("sts", "get_caller_identity")
            account = str(identity["Account"])
            if self.stage.account not in {None, account}:
                raise AccountMismatch(
                    f"stage `{self.stage.name}` belongs to account `{self.stage.account}`, "
                    f"the credentials to `{account}`",
                    where=f"profile {self.profile}" if self.profile else "the default AWS credentials",
                    why=f"`account` in [tool.sundog.stages.{self.stage.name}] protects against the wrong account",
                    fix=[
                        f"set `profile` in [tool.sundog.stages.{self.stage.name}] to one of that account",
                        "or pass `--profile`",
                    ],
                )
            self._account = account
        return self._account

    async def partition(self) -> str:
        """Return `aws`, `aws-cn`, …: what ARNs of the region start with."""
        if self.is_local:
            return "aws"

        def look_up() -> str:
            return str(self._open_session().get_partition_for_region(self.region))

        with translated(self._context("sts", "")):
            return await anyio.to_thread.run_sync(look_up)

    @property
    def credentials(self) -> Credentials | None:
        """What it was given, or what a local stage accepts; None where the user's own are looked for."""
        return self._credentials

    def with_credentials(self, credentials: Credentials) -> AwsConnection:
        """Return a connection to the same place that uses other credentials."""
        return AwsConnection(
            self.stage,
            endpoint_url=self.endpoint_url,
            credentials=credentials,
            bootstrapped=self.uses_bootstrap,
            environ=self._environ,
        )

    def _context(self, service: str, method: str) -> CallContext:
        operation = "".join(word.capitalize() for word in method.split("_"))
        return CallContext(
            service=service,
            operation=operation,
            region=self.region,
            profile=self.profile or self._environ.get("AWS_PROFILE"),
            endpoint_url=self.endpoint_url,
        )

    def _make_client(self, key: _Key) -> Any:  # noqa: ANN401 - as `client`
        credentials = self._credentials
        return self._open_session().create_client(
            key.service,
            region_name=key.region,
            endpoint_url=self.endpoint_url,
            config=self._config(key.service),
            aws_access_key_id=credentials.access_key_id if credentials else None,
            aws_secret_access_key=credentials.secret_access_key if credentials else None,
            aws_session_token=(credentials.session_token or None) if credentials else None,
        )

    def _open_session(self) -> Session:
        if self._session is None:
            # botocore alone: boto3 would add 0.2 s of resource classes that nothing here uses.
            import botocore.session

            if self.is_local:
                # Neither the user's profiles nor their credentials may reach an endpoint that is not AWS,
                # and a broken ~/.aws/config must not keep a local stage from starting.
                nothing = (None, None, None, None)
                devnull = (None, None, os.devnull, None)
                overrides = {"profile": nothing, "config_file": devnull, "credentials_file": devnull}
                self._session = botocore.session.Session(session_vars=overrides)
            else:
                self._session = botocore.session.Session(profile=self.profile)
        return self._session

    def _config(self, service: str) -> Config:
        from botocore.config import Config

        # Lambda's Invoke answers when the function does; a retry would run the function again.
        invokes = service == "lambda"
        shared: dict[str, Any] = {
            "max_pool_connections": 32,
            "read_timeout": 905 if invokes else 60,
            "tcp_keepalive": invokes,
        }
        if not self.is_local:
            attempts = 1 if invokes else 8
            return Config(
                connect_timeout=10, retries={"mode": "standard", "total_max_attempts": attempts}, **shared
            )
        return Config(
            connect_timeout=3,
            retries={"mode": "standard", "total_max_attempts": 1 if invokes else 2},
            # {} rather than None: None means "as HTTP_PROXY says", and no proxy reaches this machine's loopback.
            proxies={},
            s3={"addressing_style": "path"},
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
            # The checksum that newer botocore adds to every upload costs time and protects nothing over loopback.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            **shared,
        )
