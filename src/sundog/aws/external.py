"""An AWS-compatible endpoint of the user's own in place of the embedded cloud.

Set by `[tool.sundog.local] endpoint_url`. sundog neither starts nor ends it, and cannot make it hand events to a session.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterable

import anyio
import anyio.to_thread

from sundog.aws.embedded.interface import Capabilities, ServiceKind
from sundog.errors import CloudError, UnsupportedError


class EndpointUnreachable(CloudError):
    """Nothing answers at the `endpoint_url` of `[tool.sundog.local]`."""

    code = "SD-CLOUD-020"


class EndpointCannotRoute(UnsupportedError):
    """A live session needs a cloud that hands events to it, which only the embedded cloud does.

    An endpoint of your own can be deployed to and invoked; its functions then run the deployed code.
    """

    code = "SD-UNSUPPORTED-010"


class ExternalCloud:
    """The endpoint that the user named, as a `LocalCloud`."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url.rstrip("/")

    async def start(self) -> None:
        """Make sure that it answers.

        Raises:
            EndpointUnreachable: It does not.
        """
        try:
            await anyio.to_thread.run_sync(_ask, self.endpoint_url)
        except (OSError, ValueError) as error:
            raise EndpointUnreachable(
                f"nothing answers at `{self.endpoint_url}`",
                where="endpoint_url in [tool.sundog.local]",
                why=str(getattr(error, "reason", error)),
                fix=["start what should listen there", "or remove the setting to use the embedded cloud"],
            ) from error

    async def stop(self) -> None:
        """Leave it running; it is not ours."""

    async def wait_exit(self) -> int:
        """Wait for ever; its process is not ours."""
        await anyio.sleep_forever()
        raise AssertionError("unreachable")

    async def reset(self) -> None:
        """Refuse: its content is not ours to delete.

        Raises:
            EndpointCannotRoute: Always.
        """
        raise EndpointCannotRoute(
            f"`{self.endpoint_url}` cannot be reset by sundog",
            fix="use the tool that started it, or remove `endpoint_url` from [tool.sundog.local]",
        )

    async def prepare_databases(self) -> None:
        """Do nothing; whether it has a Data API is its own affair."""

    async def snapshot(self) -> None:
        """Do nothing; it keeps its own state."""

    async def route(
        self,
        functions: Iterable[str],
        url: str,
        token: str,
        *,
        enforce_deadline: bool = True,
        finds_functions: bool = False,
    ) -> None:
        """Refuse: only the embedded cloud hands events to a session.

        Raises:
            EndpointCannotRoute: Always.
        """
        del functions, url, token, enforce_deadline, finds_functions
        raise EndpointCannotRoute(
            f"`{self.endpoint_url}` cannot hand events to a live session",
            where="endpoint_url in [tool.sundog.local]",
            fix=["remove the setting to use the embedded cloud", "or deploy to it with `sundog deploy`"],
        )

    async def unroute(self) -> None:
        """Do nothing; nothing was routed."""

    def capabilities(self) -> Capabilities | None:
        """Return None: what it can deploy is unknown, so nothing is refused beforehand."""
        return None

    def url_for(self, kind: ServiceKind, identifier: str, stage: str = "$default") -> str:
        """Return the endpoint: how its resources are addressed is unknown."""
        del kind, identifier, stage
        return self.endpoint_url

    def rewrite_url(self, text: str) -> str:
        """Return the text as it is."""
        return text


def _ask(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        # Any answer is an answer: emulators refuse a bare GET in their own ways.
        error.close()
