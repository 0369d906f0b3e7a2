"""One deployed app, as a test uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from sundog.aws.embedded.interface import LocalCloud
from sundog.model.events import DebuggedLanguage
from sundog.session.bindings import connection_variables, union_of_bindings
from sundog.session.hosting import HostedApp
from sundog.testing.calling import CallableApp
from sundog.testing.data import delete_data
from sundog.testing.events import EventLog, SeenInvocation
from sundog.testing.parts import Caller
from sundog.testing.waiting import DEFAULT_SECONDS, wait_until


class AppUnderTest(CallableApp):
    """An app on the embedded cloud: its routes, functions, resources and what happened to them.

    Example:
        >>> def test_a_reminder_is_sent(sundog_app):
        ...     note = sundog_app.request("POST", "/notes", json={"title": "Buy milk"}).json()
        ...     sundog_app.request("POST", f"/notes/{note['noteId']}/remind")
        ...     sent = sundog_app.wait_for_invocation("send")
        ...     assert sent.ok and sent.logs == ["reminder for ada: Buy milk"]
    """

    def __init__(self, hosted: HostedApp, log: EventLog, cloud: LocalCloud, call: Caller) -> None:
        super().__init__(hosted, cloud, call)
        self._log = log

    # What happened

    def mark(self) -> int:
        """Return a place in time: `since=` looks only at invocations that started later."""
        return self._log.mark()

    def invocations(self, function: str | None = None, *, since: int = 0) -> list[SeenInvocation]:
        """Return the invocations of a function, or of all, as they started."""
        return self._log.seen(self._function_id(function), since=since)

    def wait_for_invocation(
        self,
        function: str | None = None,
        where: Callable[[SeenInvocation], object] | None = None,
        *,
        since: int = 0,
        timeout: float = DEFAULT_SECONDS,
    ) -> SeenInvocation:
        """Return the first invocation that has ended and meets a condition.

        Args:
            function: Its name or id; any function when not given.
            where: The condition, given the invocation: `lambda one: one.ok`.
            since: What `mark` returned.
            timeout: Seconds after which the test fails.

        Raises:
            AssertionError: There was none; the message shows those that were seen.
        """
        return self.wait_for_invocations(function, where, count=1, since=since, timeout=timeout)[0]

    def wait_for_invocations(
        self,
        function: str | None = None,
        where: Callable[[SeenInvocation], object] | None = None,
        *,
        count: int,
        since: int = 0,
        timeout: float = DEFAULT_SECONDS,
    ) -> list[SeenInvocation]:
        """Return all invocations that have ended and meet a condition, once there are `count`: see the one above.

        Raises:
            AssertionError: There were fewer; the message shows those that were seen.
        """
        return self._log.wait_for(
            self._function_id(function), where, count=count, since=since, timeout=timeout
        )

    def story(self, *, since: int = 0) -> list[str]:
        """Return what happened, in lines for a person: invocations, what they wrote, how they ended."""
        return self._log.story(since=since)

    def logs(self, *, since: int = 0) -> list[str]:
        """Return the lines that handlers wrote, each with its function."""
        return self._log.logs(since=since)

    def wait_until_idle(self, *, timeout: float = DEFAULT_SECONDS) -> None:
        """Return when no handler runs.

        Raises:
            AssertionError: One still does; the message shows which.
        """
        self._log.wait_until_idle(timeout)

    def wait_for_editor(self, *, timeout: float) -> bool:
        """Return when an editor is attached to handlers, or the time is over; whether one is.

        Of use when functions can be debugged: `pytest --sundog-debug` does it before the first test. In an app with Python
        and JavaScript handlers an editor that attaches to one is given a few seconds to attach to the other.
        """
        languages = {function.entry.language for function in self.functions}
        return self._log.wait_for_editor(timeout, languages & set(get_args(DebuggedLanguage)))

    @staticmethod
    def wait_until(
        condition: Callable[[], Any], what: str | None = None, *, timeout: float = DEFAULT_SECONDS
    ) -> Any:  # noqa: ANN401 - the condition's
        """Do what `sundog.testing.wait_until` does."""
        return wait_until(condition, what, timeout=timeout)

    # Changing it

    def environment(self) -> dict[str, str]:
        """Return the variables with which `sundog_runtime.resources` and boto3 work outside of a function."""
        bound = union_of_bindings(self.functions).variables
        return bound | connection_variables(self.project, self._hosted.connection)

    def reset(self) -> None:
        """Delete the app's data: items of tables, objects of buckets, messages of queues, users of pools, all in databases.

        What the deploy has put there is there again: files of sites and buckets, and what migrations have made. `invocations`
        and the like begin anew as well.

        Functions that follow a table's stream or a bucket's removals are told of these as of any other.
        """
        self.wait_until_idle()
        kept = self._call(self._hosted.deployed_files)
        for stack in self.manifest.stacks:
            delete_data(self.client, self._of_stack(stack), kept)
        self._call(self._hosted.restore)
        self.wait_until_idle()
        self._log.begin_anew()

    def write(self, file: str, text: str) -> Path:
        """Write a file of the project, as a save in an editor: functions that loaded it start anew."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        self._call(self._hosted.changed, path.resolve())
        return path

    def edit(self, file: str, old: str, new: str) -> Path:
        """Replace text in a file of the project.

        Raises:
            AssertionError: The text is not in it.
        """
        text = (self.root / file).read_text("utf-8")
        if old not in text:
            raise AssertionError(f"`{file}` does not contain {old!r}")
        return self.write(file, text.replace(old, new))

    def deploy(self) -> dict[str, dict[str, str]]:
        """Synthesize and deploy again, after an edit of `app.py`; return the outputs.

        Raises:
            SundogError: The app is wrong, or something could not be deployed.
        """
        self._call(self._hosted.deploy)
        self._physical.clear()
        return self.outputs

    def _function_id(self, name: str | None) -> str | None:
        return None if name is None else self.function(name).entry.id
