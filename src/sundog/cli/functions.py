"""Find a function of the app by what a person calls it."""

from __future__ import annotations

import msgspec

from sundog.cli.errors import AmbiguousFunction, NotDeployed, UnknownFunction
from sundog.errors import suggestion
from sundog.model.manifest import FunctionEntry, Manifest, read_manifest
from sundog.model.project import Project, Stage

_MOST_NAMES = 20


def manifest_of(project: Project, stage: Stage) -> Manifest:
    """Return the manifest of the stage's last good synth.

    Raises:
        NotDeployed: There is none, or one of another version of sundog.
    """
    start = "sundog dev" if stage.is_local else f"sundog deploy --stage {stage.name}"
    try:
        return read_manifest(project.assembly_dir(stage.name))
    except FileNotFoundError as error:
        raise NotDeployed(
            f"the stage `{stage.name}` of `{project.settings.name}` has not been started in this folder",
            where=project.relative(project.assembly_dir(stage.name)),
            fix=f"run `{start}` first",
        ) from error
    except msgspec.MsgspecError as error:
        raise NotDeployed(
            f"the cloud assembly of the stage `{stage.name}` was written by another version of sundog",
            where=project.relative(project.assembly_dir(stage.name)),
            why=str(error),
            fix=f"run `{start}`: it writes a new one",
        ) from error


def find_function(manifest: Manifest, called: str) -> FunctionEntry:
    """Return the function with a name, an id or a handler.

    Raises:
        UnknownFunction: There is none.
        AmbiguousFunction: Several functions have the handler.
    """
    exact = manifest.function(called)
    if exact is not None:
        return exact
    with_handler = [
        entry for entry in manifest.functions if called in {entry.handler, f"{entry.file}:{entry.function}"}
    ]
    if len(with_handler) == 1:
        return with_handler[0]
    if with_handler:
        raise AmbiguousFunction(
            f"{len(with_handler)} functions have the handler `{called}`",
            why=f"their names are {', '.join(entry.name for entry in with_handler)}",
            fix=f"write one of the names: `{with_handler[0].name}`",
        )
    raise unknown_function(called, manifest)


def unknown_function(called: str, manifest: Manifest) -> UnknownFunction:
    """Return the error for a name that no function has."""
    names = [entry.name for entry in manifest.functions]
    known = [
        *names,
        *(entry.id for entry in manifest.functions),
        *(entry.handler for entry in manifest.functions),
    ]
    close = suggestion(called, known)
    shown = ", ".join(names[:_MOST_NAMES]) + (
        f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    )
    return UnknownFunction(
        f"`{manifest.app}` has no function `{called}` on the stage `{manifest.stage}`",
        why=f"its functions are {shown}" if names else "it has no functions",
        fix=f"write `{close}`"
        if close
        else "copy a name from the list"
        if names
        else "add a function to the app",
    )
