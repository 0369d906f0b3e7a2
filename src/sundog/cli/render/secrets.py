"""What `sundog secret` shows: names everywhere, values only where they were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sundog.cli.render.output import Output, line
from sundog.errors import suggestion
from sundog.model.manifest import read_manifest

if TYPE_CHECKING:
    from sundog.model.project import Project, Stage
    from sundog.session.secrets import SecretValue


def show_changed(
    output: Output, project: Project, stage: Stage, names: Sequence[str], what: str, *, fallback: bool
) -> None:
    """Say what was set or removed, and warn of names that the app does not know."""
    declared = _declared(project, stage)
    for name in names:
        if output.as_json:
            output.json({"type": "SecretChanged", "name": name, "change": what, "fallback": fallback})
            continue
        where = "for all stages without their own" if fallback else f"on the stage {stage.name}"
        output.talk(("✓ ", "green"), f"{name} is {what} {where}")
        if declared and name not in declared:
            close = suggestion(name, declared)
            output.talk(
                ("warning: ", "yellow"),
                f"the app declares no secret `{name}`" + (f"; did you mean `{close}`?" if close else ""),
            )


def show_value(output: Output, secret: SecretValue) -> None:
    """Write a value to stdout."""
    if output.as_json:
        output.json({"type": "Secret", **msgspec.to_builtins(secret)})
        return
    output.data(secret.value)
    if secret.is_fallback:
        output.detail("this is the fallback")


def show_list(
    output: Output, project: Project, stage: Stage, secrets: Sequence[SecretValue], *, values: bool
) -> None:
    """Write a line for each secret that is set, and for each that is declared and is not."""
    found = {secret.name: secret for secret in secrets}
    names = sorted({*found, *_declared(project, stage)})
    width = max((len(name) for name in names), default=0)
    for name in names:
        secret = found.get(name)
        if output.as_json:
            entry = {"type": "Secret", "name": name, "set": secret is not None}
            if secret is not None:
                entry |= {"is_fallback": secret.is_fallback} | ({"value": secret.value} if values else {})
            output.json(entry)
            continue
        if secret is None:
            output.data_line(line(name.ljust(width), ("  not set", "yellow")))
            continue
        value = f"  {secret.value}" if values else ""
        output.data_line(
            line(name.ljust(width), ("  fallback" if secret.is_fallback else "  set", "green"), value)
        )
    if not names and not output.as_json:
        output.talk(f"no secrets are set on the stage {stage.name}")


def _declared(project: Project, stage: Stage) -> list[str]:
    try:
        manifest = read_manifest(project.assembly_dir(stage.name))
    except (FileNotFoundError, msgspec.MsgspecError):
        # Nothing was synthesized yet in this folder: what the app declares is not known.
        return []
    return [entry.name for entry in manifest.resources_of("Secret")]
