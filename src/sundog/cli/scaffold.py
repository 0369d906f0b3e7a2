"""Write a new app from a template. Needs no network.

Templates are folders of package data. Their files end in `.template`, so that no tool takes them for code of sundog's,
and `dot-` stands for a leading dot. `{{name}}` becomes the name of the app; nothing else is replaced.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from sundog.cli.errors import CannotWrite, FolderNotEmpty, UnknownTemplate
from sundog.errors import suggestion
from sundog.live.debug.launch_json import launch_json, tasks_json
from sundog.model.names import MAX_APP_NAME, check_name

_SUFFIX = ".template"
_DOT = "dot-"
_NAME = "{{name}}"
_IGNORED = {".git", ".venv", ".DS_Store", ".idea"}
"""A folder that has only these counts as empty."""

_SETTINGS_JSON = """\
{
  "python.testing.pytestEnabled": true,
  "files.watcherExclude": { "**/.sundog/**": true, "**/cdk.out/**": true },
  "files.exclude": { "**/__pycache__": true }
}
"""


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """What was written."""

    name: str
    files: list[str]
    kept: list[str]
    """Files of the template that were there already and were left alone."""


def templates() -> list[str]:
    """Return the names of the templates."""
    return sorted(
        folder.name for folder in _root().iterdir() if folder.is_dir() and not folder.name.startswith("_")
    )


def create_app(folder: Path, *, template: str, force: bool) -> Created:
    """Write the files of a template.

    Args:
        folder: Made when missing; its name becomes the app's.
        template: Which.
        force: Add to a folder with files in it; none of them is changed.

    Raises:
        InvalidName: The folder's name cannot be an app's.
        UnknownTemplate: There is no such template.
        FolderNotEmpty: The folder has files, and `force` was not given.
        CannotWrite: A file cannot be written.
    """
    name = check_name("app", folder.resolve().name, MAX_APP_NAME)
    if template not in templates():
        close = suggestion(template, templates())
        raise UnknownTemplate(
            f"there is no template `{template}`",
            why=f"the templates are {', '.join(templates())}",
            fix=f"write `--template {close or templates()[0]}`",
        )
    _check_folder(folder, force=force)
    files = _files(template, name)
    kept = [file for file in files if (folder / file).exists() or (folder / file).is_symlink()]
    written = [file for file in files if file not in kept]
    for file in written:
        _write(folder / file, files[file])
    return Created(name=name, files=written, kept=kept)


def _check_folder(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise FolderNotEmpty(f"`{folder.name}` is a file", where=str(folder), fix="choose another name")
    try:
        present = (
            sorted(entry.name for entry in folder.iterdir() if entry.name not in _IGNORED)
            if folder.is_dir()
            else []
        )
    except OSError as error:
        raise _cannot_write(folder, error) from error
    if present and not force:
        shown = ", ".join(present[:5]) + (" and more" if len(present) > 5 else "")
        raise FolderNotEmpty(
            f"`{folder.name}` is not empty",
            where=str(folder),
            why=f"it has {shown}",
            fix=[
                "choose another name"
                if folder.resolve() != Path.cwd()
                else "make a new folder: `sundog create my-app`",
                "or add --force: files that exist are left as they are",
            ],
        )


def _files(template: str, name: str) -> dict[str, str]:
    files = {path: text.replace(_NAME, name) for path, text in _texts(_root() / template, "").items()}
    files[".vscode/launch.json"] = launch_json(node=False)
    files[".vscode/tasks.json"] = tasks_json()
    files[".vscode/settings.json"] = _SETTINGS_JSON
    return dict(sorted(files.items()))


def _texts(folder: Traversable, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in folder.iterdir():
        name = entry.name.replace(_DOT, ".", 1) if entry.name.startswith(_DOT) else entry.name
        if entry.is_dir():
            found |= _texts(entry, f"{prefix}{name}/")
        elif name.endswith(_SUFFIX):
            found[prefix + name.removesuffix(_SUFFIX)] = entry.read_text("utf-8")
    return found


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Exclusive: a file that appeared in the meantime is somebody's.
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise _cannot_write(file, error) from error


def _cannot_write(path: Path, error: OSError) -> CannotWrite:
    return CannotWrite(
        f"`{path}` cannot be written",
        why=error.strerror,
        fix="choose a folder that you may write to, on a disk that is not full",
    )


def _root() -> Traversable:
    return resources.files("sundog.cli") / "templates"
