"""Whose a deployed stack is: names alone do not tell.

The stack `a-b-c-backend` is that of the app `b-c` on the stage `a`, and that of the app `c` on the stage `a-b`. Every stack of
sundog has tags that say it.
"""

from __future__ import annotations

from sundog.aws.cloudformation import StackState
from sundog.deploy.report import Report
from sundog.errors import DeployError

_APP, _STAGE = "sundog:app", "sundog:stage"


class StackOfAnother(DeployError):
    """A stack of the name is deployed already, and belongs to another app or another stage. It was not touched.

    Stacks are named `<stage>-<app>-<stack>`, so the stage `a` of the app `b-c` and the stage `a-b` of the app `c` share names. What
    tells them apart are the stack's tags `sundog:app` and `sundog:stage`; a stack without them is taken over.
    """

    code = "SD-DEPLOY-016"
    exit_code = 3


def stack_of_another(deployed: StackState, report: Report) -> StackOfAnother | None:
    """Return what is wrong when a deployed stack is not the app's, though it has the name of one that is.

    Args:
        deployed: The stack as it is.
        report: Knows the app and its stage.
    """
    app, stage = report.manifest.app, report.manifest.stage
    owner = deployed.tags.get(_APP, app), deployed.tags.get(_STAGE, stage)
    if owner == (app, stage):
        return None
    return StackOfAnother(
        f"the stack `{deployed.name}` belongs to the app `{owner[0]}` on the stage `{owner[1]}`",
        where=report.location(deployed.name),
        why=f"joined, its stage, app and stack have the same name as those of `{app}` on `{stage}`",
        fix="give the stage, the app or the stack another name",
    )
