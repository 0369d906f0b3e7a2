"""What the launcher is told by its parent, as one line of JSON on standard input.

Not the environment and not the command line: other programs of the user can read both, and the control token is in it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True)
class Settings:
    """Everything that is not the same in each project."""

    listen_fd: int
    """A socket that the parent has bound and listens on."""
    port: int
    state_dir: str
    control_token: str
    region: str
    snapshot_seconds: float
    shutdown_seconds: float
    """Deadline of a clean stop; then the process ends as it is."""
    skipped_mends: tuple[str, ...] = ()
    """Names of mends to leave out."""

    @property
    def state_path(self) -> Path:
        """The folder of everything that is kept."""
        return Path(self.state_dir)


def read_settings(stream: BinaryIO) -> Settings:
    """Read the line."""
    return Settings(**json.loads(stream.readline()))


def set_emulator_environment(settings: Settings) -> None:
    """Set what the emulator reads from the environment while it is imported."""
    state = settings.state_path
    temporary = state / "tmp"
    os.environ.update(
        GATEWAY_PORT=str(settings.port),
        # The address itself: `localhost` is also ::1, where another program may listen on the same port.
        MINISTACK_HOST="127.0.0.1",
        MINISTACK_REGION=settings.region,
        MINISTACK_ACCOUNT_ID="000000000000",
        AWS_DEFAULT_REGION=settings.region,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",  # noqa: S106 - what the emulator accepts; it opens nothing
        STATE_DIR=str(state / "state"),
        S3_DATA_DIR=str(state / "s3"),
        TMPDIR=str(temporary),
        HOME=str(temporary),
        PERSIST_STATE="1",
        S3_PERSIST="1",
        LOG_LEVEL="WARNING",
        # Listeners of protocols that nobody has asked for, on all interfaces.
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        NO_PROXY="127.0.0.1,localhost",
        no_proxy="127.0.0.1,localhost",
    )
    for folder in (state / "state", state / "s3", temporary):
        folder.mkdir(parents=True, exist_ok=True)
