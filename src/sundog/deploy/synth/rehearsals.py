"""Rehearsals: the app is run once for nothing, so that Node has compiled and optimised what the next synth runs.

Node's half of a synth takes less than half the time in a process that has run the app before. The CDK is made for many
apps in one process, as in everybody's tests, but other constructs may keep what they should not, and a wrong template is
worse than a slow one. So a rehearsed process is used only where the result cannot be another, or where that is found:

* What Node read in the rehearsal (files, folders, variables) is as it was. Else a fresh process is taken.
* An error that comes from Node is not believed: the app is run again in a fresh process.
* A rehearsal is itself the run of a fresh process. When nothing was edited since the last synth, its assembly must be that
  synth's, byte by byte. If it is not, the last synth is repeated in a fresh process, and nothing is rehearsed any more.

An app that runs programs, asks the network or writes files of its own is not rehearsed: it would do so once more.
"""

from __future__ import annotations

from dataclasses import dataclass

import anyio
import anyio.to_thread

from sundog.deploy.synth.assembly import AssemblyFolder
from sundog.deploy.synth.attempt import RehearsalUse, prepare, run_command
from sundog.deploy.synth.cache import CachedSynth, SynthKey, reason_to_synthesize
from sundog.deploy.synth.errors import SynthFolderNotWritable
from sundog.deploy.synth.worker import Surroundings, SynthWorker, WorkerDied
from sundog.model.events import RehearsalOutcome
from sundog.model.project import Project

_MOST_SECONDS = 30.0
"""The next edit waits for a rehearsal that is under way."""
_MOST_OUTDATED = 2
"""Files that Node reads and the user edits make each rehearsal worthless: after this many there is no other."""


@dataclass(frozen=True, kw_only=True)
class LastSynth:
    """The result that a rehearsal is compared with."""

    cached: CachedSynth
    key: SynthKey
    folder: AssemblyFolder


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What came of one."""

    outcome: RehearsalOutcome
    reason: str | None = None
    last_is_wrong: bool = False
    """Whether the last synth, which used a rehearsed process, must be repeated."""


class Rehearsals:
    """Rehearses in one worker, and remembers whether that can be relied on."""

    def __init__(self, project: Project, worker: SynthWorker, timeout_seconds: float) -> None:
        """Describe rehearsals of an app.

        Args:
            project: Whose app it is.
            worker: The process that runs it.
            timeout_seconds: When an app that does not end is stopped.
        """
        self._project = project
        self._worker = worker
        self._timeout = min(timeout_seconds, _MOST_SECONDS)
        self._given_up = not worker.can_rehearse
        self._outdated = 0
        self._last_use: RehearsalUse = "none"

    def note(self, use: RehearsalUse) -> None:
        """Learn what became of the rehearsal before a synth that went well."""
        self._last_use = use
        self._outdated += use == "outdated"
        self._given_up |= self._outdated >= _MOST_OUTDATED

    async def rehearse(self, last: LastSynth, surroundings: Surroundings) -> Rehearsal:
        """Rehearse the app, unless it was edited since the last synth.

        Raises:
            WorkerDied: The worker's process ended, or the app did not and the process must.
            NodeNotStarted: Node did not start again after a rehearsal that failed.
        """
        reason = self._reason_to_leave_out(last) or await _difference(last, surroundings)
        if reason is not None:
            return Rehearsal(outcome="left out", reason=reason)
        try:
            failure = await self._run(last, surroundings)
            is_same = failure is None and await anyio.to_thread.run_sync(last.folder.next_is_the_same)
        finally:
            last.folder.discard()
        edited = await _difference(last, surroundings)
        # What gives another result each time, or only sometimes one, cannot be checked.
        self._given_up |= not is_same and edited is None
        if self._given_up or failure is not None:
            await prepare(self._worker, surroundings)
        if failure is not None:
            return Rehearsal(outcome="failed", reason=failure)
        if is_same or edited is not None:
            return Rehearsal(outcome="ready")
        return Rehearsal(
            outcome="different", reason="its templates are others", last_is_wrong=self._last_use == "used"
        )

    def _reason_to_leave_out(self, last: LastSynth) -> str | None:
        record = last.cached.record
        if self._given_up:
            return "rehearsals have ended in this session"
        if record is None:
            return "nothing was synthesized before"
        return next(iter([*record.external, *record.lasting]), None)

    async def _run(self, last: LastSynth, surroundings: Surroundings) -> str | None:
        """Return why the app did not end well; None when it did."""
        try:
            last.folder.prepare()
            with anyio.fail_after(self._timeout):
                command = run_command(self._project, last.folder, surroundings)
                succeeded = await self._worker.rehearse(command)
        except SynthFolderNotWritable as error:
            return error.what  # The next synth will say it.
        except TimeoutError as error:
            raise WorkerDied(f"a rehearsal of it did not end within {self._timeout:g} seconds") from error
        return None if succeeded else "it ended with an error"


async def _difference(last: LastSynth, surroundings: Surroundings) -> str | None:
    return await anyio.to_thread.run_sync(
        reason_to_synthesize, last.cached, last.key, surroundings.environment
    )
