"""What the stacks gave: their outputs, as the user named them, in memory and in a file that other tools read."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from sundog.aws.cloudformation import StackState
from sundog.errors import DeployError
from sundog.model.database import OUTPUT_PREFIX as DATABASE_OUTPUT
from sundog.model.manifest import Manifest
from sundog.model.uploads import OUTPUT_PREFIX as UPLOAD_OUTPUT


class OutputsNotWritten(DeployError):
    """The file with the outputs of the stacks cannot be written; the stacks themselves are deployed."""

    code = "SD-DEPLOY-015"


_NOT_ASKED_FOR = ("ExportsOutput", UPLOAD_OUTPUT, DATABASE_OUTPUT)
"""What the outputs start with that the CDK makes for references between stacks, and sundog for itself."""


def user_outputs(
    manifest: Manifest, states: Mapping[str, StackState], rewrite_url: Callable[[str], str] | None
) -> dict[str, dict[str, str]]:
    """Return the outputs of stacks by the ids that the user gave the stacks.

    Args:
        manifest: Knows the ids.
        states: The stacks, by name.
        rewrite_url: Makes an address that answers from one that only would in AWS.
    """
    return {
        entry.id: shown_outputs(states[entry.name], rewrite_url)
        for entry in manifest.stacks
        if entry.name in states
    }


def shown_outputs(state: StackState, rewrite_url: Callable[[str], str] | None) -> dict[str, str]:
    """Return the outputs of one stack that a user asked for, with addresses that answer."""
    rewrite = rewrite_url or (lambda text: text)
    return {
        output.key: rewrite(output.value)
        for output in state.outputs
        if not output.key.startswith(_NOT_ASKED_FOR)
    }


def write_outputs(file: Path, outputs: dict[str, dict[str, str]], manifest: Manifest) -> None:
    """Write outputs as JSON, all or nothing; stacks of the app that were not deployed this time keep theirs."""
    known = {entry.id for entry in manifest.stacks}
    kept = {stack: values for stack, values in _read(file).items() if stack in known and stack not in outputs}
    _write(file, kept | outputs)


def forget_outputs(file: Path, stacks: Iterable[str]) -> None:
    """Take the outputs of removed stacks out of the file; without any left, the file goes as well."""
    gone = set(stacks)
    kept = {stack: values for stack, values in _read(file).items() if stack not in gone}
    if kept:
        _write(file, kept)
    else:
        file.unlink(missing_ok=True)


def _write(file: Path, outputs: dict[str, dict[str, str]]) -> None:
    content = msgspec.json.format(msgspec.json.encode(outputs), indent=2) + b"\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp gives 0600: outputs may hold what is not meant for other users of the machine.
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
        try:
            with open(handle, "wb") as stream:  # noqa: PTH123 - takes over the descriptor
                stream.write(content)
            Path(temporary).replace(file)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputsNotWritten(
            f"`{file.name}` with the outputs of the stacks cannot be written",
            where=str(file),
            why=error.strerror,
            fix="make the folder writable for your user, and check that the disk is not full",
        ) from error


def _read(file: Path) -> dict[str, dict[str, str]]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, str]])
    except (OSError, msgspec.DecodeError):
        # Not there, or edited by hand: what this deploy knows is written afresh.
        return {}
