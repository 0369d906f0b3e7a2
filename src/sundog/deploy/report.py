"""What a deploy says while it runs: CloudFormation's events, with the user's constructs and lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal
from uuid import uuid4

from sundog.aws.cloudformation import StackEvent, StackState
from sundog.deploy.outputs import shown_outputs
from sundog.errors import Location, SundogError
from sundog.model.events import (
    DeployFinished,
    DeployStarted,
    Notice,
    Observer,
    ResourceProgress,
    SiteOutput,
    StackFinished,
    UploadFinished,
)
from sundog.model.manifest import Manifest, SourcePlace, UploadEntry
from sundog.model.project import Project

StackOutcome = Literal["created", "updated", "unchanged", "removed", "failed"]


class Report:
    """One deploy or removal, as the observer sees it."""

    def __init__(
        self,
        project: Project,
        manifest: Manifest,
        observer: Observer,
        *,
        rewrite_url: Callable[[str], str] | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.deploy_id = uuid4().hex
        self.manifest = manifest
        self._project = project
        self._observer = observer
        self.rewrite_url = rewrite_url
        self._clock = clock
        self._timer = timer
        self._began = timer()
        self._constructs = {(entry.stack, entry.logical_id): entry for entry in manifest.constructs}

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the report was opened."""
        return (self._timer() - self._began) * 1000

    def started(self, stage: str, action: Literal["deploy", "remove"], stacks: Iterable[str]) -> None:
        """Say which stacks are at stake."""
        self._observer(
            DeployStarted(
                at=self._clock(), deploy=self.deploy_id, stage=stage, action=action, stacks=list(stacks)
            )
        )

    def resource(self, stack: str, event: StackEvent) -> None:
        """Pass on what CloudFormation says about a resource."""
        construct = self._constructs.get((stack, event.logical_id))
        self._observer(
            ResourceProgress(
                at=self._clock(),
                deploy=self.deploy_id,
                stack=stack,
                logical_id=event.logical_id,
                cloudformation_type=event.resource_type,
                status=event.status,
                reason=event.reason,
                path=construct.path if construct else None,
                place=construct.place if construct else None,
            )
        )

    def stack_finished(
        self, stack: str, status: StackOutcome, began_ms: float, state: StackState | None = None
    ) -> None:
        """Say how a stack ended, and what it gave when it is deployed."""
        self._observer(
            StackFinished(
                at=self._clock(),
                deploy=self.deploy_id,
                stack=stack,
                status=status,
                duration_ms=self.elapsed_ms - began_ms,
                outputs=shown_outputs(state, self.rewrite_url) if state else {},
            )
        )

    def site_output(self, site: str, text: str) -> None:
        """Pass on a line that the build of a site wrote."""
        self._observer(SiteOutput(at=self._clock(), site=site, text=text))

    def upload_finished(
        self, entry: UploadEntry, began_ms: float, *, uploaded: int, removed: int, unchanged: int
    ) -> None:
        """Say what an upload has done."""
        self._observer(
            UploadFinished(
                at=self._clock(),
                upload=entry.id,
                name=entry.name,
                uploaded=uploaded,
                removed=removed,
                unchanged=unchanged,
                duration_ms=self.elapsed_ms - began_ms,
            )
        )

    def finished(self, error: SundogError | None = None) -> None:
        """Say how it all ended."""
        self._observer(
            DeployFinished(
                at=self._clock(),
                deploy=self.deploy_id,
                ok=error is None,
                duration_ms=self.elapsed_ms,
                error=None if error is None else error.as_dict(),
            )
        )

    def notice(self, level: Literal["info", "warning", "error"], text: str, fix: str | None = None) -> None:
        """Say something else that a person should know."""
        self._observer(Notice(at=self._clock(), level=level, text=text, fix=fix))

    def path(self, stack: str, logical_id: str) -> str:
        """Return what the user calls a resource: its construct path, or its logical id when it has none."""
        construct = self._constructs.get((stack, logical_id))
        return construct.path if construct else logical_id

    def location(self, stack: str, logical_id: str | None = None) -> Location | None:
        """Return the user's line that declared a resource, or else its stack."""
        construct = self._constructs.get((stack, logical_id)) if logical_id else None
        place = construct.place if construct else None
        if place is None:
            place = next((entry.place for entry in self.manifest.stacks if entry.name == stack), None)
        return None if place is None else source_location(self._project.root, place)


def source_location(root: Path, place: SourcePlace) -> Location:
    """Return a place with the text of its line, when the file still has that line."""
    try:
        lines = (root / place.file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    text = lines[place.line - 1].strip() if 0 < place.line <= len(lines) else None
    return Location(place.file, place.line, text)
