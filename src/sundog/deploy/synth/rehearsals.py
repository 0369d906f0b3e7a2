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
from sundog.deploy.synth.worker import Surroundings, SynthWorker
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

    async def rehearse(self, last: LastSynth, surroundings: Surroundings) -> bool:
        """Rehearse the app, unless it was edited since the last synth; return whether that one can still be believed.

        Raises:
            WorkerDied: The worker's process ended.
            NodeNotStarted: Node did not start again after a rehearsal that failed.
        """
        record = last.cached.record
        if self._given_up or record is None or record.external or record.lasting:
            return True
        if not await anyio.to_thread.run_sync(_is_as_it_was, last, surroundings):
            # The next synth is about to come, or the app is broken.
            return True
        succeeded, is_same = await self._run(last, surroundings)
        if not await anyio.to_thread.run_sync(_is_as_it_was, last, surroundings):
            believed = True
        else:
            # What gives another result each time, or only sometimes one, cannot be checked.
            self._given_up = not is_same
            believed = not succeeded or is_same or self._last_use != "used"
        if self._given_up or not succeeded:
            await prepare(self._worker, surroundings)
        return believed

    async def _run(self, last: LastSynth, surroundings: Surroundings) -> tuple[bool, bool]:
        """Return whether the app ended well, and whether it gave what it gave before."""
        try:
            last.folder.prepare()
            with anyio.fail_after(self._timeout):
                command = run_command(self._project, last.folder, surroundings)
                succeeded = await self._worker.rehearse(command)
            is_same = succeeded and await anyio.to_thread.run_sync(last.folder.next_is_the_same)
        except (SynthFolderNotWritable, TimeoutError):
            # What keeps the folder from being made, the next synth will say.
            await self._worker.close()
            return False, False
        finally:
            last.folder.discard()
        return succeeded, is_same


def _is_as_it_was(last: LastSynth, surroundings: Surroundings) -> bool:
    return reason_to_synthesize(last.cached, last.key, surroundings.environment) is None
