"""What the CDK's check of the templates found, told as warnings."""

from __future__ import annotations

import time
from collections.abc import Iterable

from sundog.deploy.synth.validation import TemplateIssue
from sundog.model.events import Notice, Observer


def warn_of(issues: Iterable[TemplateIssue], observer: Observer) -> None:
    """Tell an observer of each issue, with the line that declared the resource."""
    for issue in issues:
        where = f"{issue.place.file}:{issue.place.line}: " if issue.place else ""
        observer(
            Notice(
                at=time.time(),
                level="warning",
                text=f"{where}{issue.path}: {issue.text} ({issue.rule})",
                fix="correct the property; AWS refuses or ignores what the resource's schema does not allow",
            )
        )
