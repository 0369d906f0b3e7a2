"""What `sundog secret` shows: names everywhere, values only where they were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from sundog.cli.render.output import Output, line
from sundog.errors import suggestion
from sundog.model.manifest import read_manifest

if TYPE_CHECKING:
    from sundog.cli.regions import Place
    from sundog.model.project import Project, Stage
    from sundog.session.secrets import SecretValue


def show_changed(
    output: Output, place: Place, names: Sequence[str], what: str, *, fallback: bool, regions: Sequence[str]
) -> None:
    """Say what was set or removed, and where, and warn of names that the app does not know.

    Args:
        output: Where to write.
        place: The stage, in its first region.
        names: Of the secrets.
        what: What became of them.
        fallback: Whether it is for all stages.
        regions: Where it was done.
    """
    project, stage = place
    declared = _declared(project, stage)
    for name in names:
        if output.as_json:
            described = {"type": "SecretChanged", "name": name, "change": what, "fallback": fallback}
            output.json(
                described if len(project.regions(stage.name, None)) < 2 else described | {"regions": regions}
            )
            continue
        where = "for all stages without their own" if fallback else f"on the stage {stage.name}"
        several = f" in {', '.join(regions)}" if len(project.regions(stage.name, None)) > 1 else ""
        output.talk(("✓ ", "green"), f"{name} is {what} {where}{several}")
        if declared is not None and name not in declared:
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
    output: Output, place: Place, found: Mapping[str, Sequence[SecretValue]], *, values: bool
) -> None:
    """Write a line for each secret that is set, and for each that is declared and is not.

    What differs between regions has a line for each of them; in JSON, all have.

    Args:
        output: Where to write.
        place: The stage, in its first region.
        found: The secrets that are set, by region.
        values: Show the values as well.
    """
    project, stage = place
    by_region = {region: {one.name: one for one in secrets} for region, secrets in found.items()}
    set_anywhere = {name for secrets in by_region.values() for name in secrets}
    names = sorted({*set_anywhere, *(_declared(project, stage) or ())})
    width = max((len(name) for name in names), default=0)
    several = len(by_region) > 1
    for name in names:
        states = {region: secrets.get(name) for region, secrets in by_region.items()}
        differ = len({None if one is None else (one.value, one.is_fallback) for one in states.values()}) > 1
        for region, secret in states.items():
            if output.as_json:
                _show_json(output, name, secret, region if several else None, values=values)
                continue
            _show_row(output, name.ljust(width), secret, region if differ else None, values=values)
            if not differ:
                break
    if not names and not output.as_json:
        output.talk(f"no secrets are set on the stage {stage.name}")


def _show_json(
    output: Output, name: str, secret: SecretValue | None, region: str | None, *, values: bool
) -> None:
    entry: dict[str, object] = {"type": "Secret", "name": name, "set": secret is not None}
    if secret is not None:
        entry |= {"is_fallback": secret.is_fallback} | ({"value": secret.value} if values else {})
    output.json(entry if region is None else entry | {"region": region})


def _show_row(
    output: Output, name: str, secret: SecretValue | None, region: str | None, *, values: bool
) -> None:
    start = name if region is None else f"{name}  {region}"
    if secret is None:
        output.data_line(line(start, ("  not set", "yellow")))
        return
    value = f"  {_on_one_line(secret.value)}" if values else ""
    output.data_line(line(start, ("  fallback" if secret.is_fallback else "  set", "green"), value))


def _on_one_line(value: str) -> str:
    """Return a value with what would move the cursor, or colour the terminal, written as its escape."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in value)


def _declared(project: Project, stage: Stage) -> list[str] | None:
    """Return the names of the app's secrets; None when nothing was synthesized yet in this folder."""
    try:
        manifest = read_manifest(project.assembly_dir(stage.name))
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
    return [entry.name for entry in manifest.resources_of("Secret")]
