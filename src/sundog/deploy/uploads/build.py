"""Building a site: the user's own command, in the site's folder, with the addresses of the deployed app."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

import anyio
from anyio.streams.text import TextReceiveStream

from sundog.errors import BundleError, Location
from sundog.model.manifest import UploadEntry
from sundog.model.programs import end_group

_KEPT_LINES = 40


class SiteBuildFailed(BundleError):
    """The build command of a site ended with an error.

    Its last lines are shown. It ran in the folder `path` of the site, with the site's `environment` besides your own; run it
    there to see more.
    """

    code = "SD-SITE-010"


class SiteFileMissing(BundleError):
    """The folder of a site lacks a page that the site cannot do without, or is not there at all."""

    code = "SD-SITE-011"


async def build_site(
    root: Path, entry: UploadEntry, environment: Mapping[str, str], output: Callable[[str], None]
) -> None:
    """Run the build of a site.

    Args:
        root: Folder of the project.
        entry: The site.
        environment: Its variables.
        output: Is given each line that the command writes.

    Raises:
        SiteBuildFailed: The command failed, or its folder is missing.
    """
    command = str(entry.build_command)
    folder = root / entry.source
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    try:
        process = await anyio.open_process(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=-3,
            stderr=-2,
            start_new_session=True,
        )
    except OSError as error:
        raise _failed(
            entry, f"`{command}` cannot be started in `{entry.source}`: {error.strerror}"
        ) from error
    try:
        async for line in lines_of(process):
            last.append(line)
            output(line)
        status = await process.wait()
    finally:
        end_group(process.pid)
        with anyio.CancelScope(shield=True):
            await process.aclose()
    if status:
        raise _failed(entry, f"`{command}` ended with status {status}", details=last)


async def lines_of(process: anyio.abc.Process):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Yield the lines that a process writes, without their ends."""
    assert process.stdout is not None  # noqa: S101 - open_process makes a pipe unless told otherwise
    rest = ""
    async for text in TextReceiveStream(process.stdout, errors="replace"):
        *whole, rest = (rest + text).replace("\r\n", "\n").split("\n")
        for line in whole:
            yield line
    if rest:
        yield rest


def check_files(root: Path, entry: UploadEntry) -> None:
    """Refuse a folder without the files that are needed.

    Raises:
        SiteFileMissing: One is not there.
    """
    folder = root / entry.folder
    if not folder.is_dir():
        raise SiteFileMissing(
            f"{entry.kind} `{entry.name}`: there is no folder `{entry.folder}`",
            where=_where(entry),
            why=f"`{entry.build_command}` has not made it" if entry.build_command else None,
            fix="set `build_output` to the folder that the build makes"
            if entry.build_command
            else "create it, or name another",
        )
    for name in entry.needed:
        if not (folder / name).is_file():
            raise SiteFileMissing(
                f"{entry.kind} `{entry.name}`: there is no `{name}` in `{entry.folder}`",
                where=_where(entry),
                why="the site shows it where no other page is asked for",
                fix=f"create it, or name another page in the site's settings than `{name}`",
            )


def _failed(entry: UploadEntry, why: str, details: deque[str] | tuple[str, ...] = ()) -> SiteBuildFailed:
    return SiteBuildFailed(
        f"the build of {entry.kind} `{entry.name}` failed",
        where=_where(entry),
        why=why,
        fix=f"mend what it says, and try it: `cd {entry.source} && {entry.build_command}`",
        details=list(details),
    )


def _where(entry: UploadEntry) -> Location | None:
    return None if entry.place is None else Location(entry.place.file, entry.place.line)
