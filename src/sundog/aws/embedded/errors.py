"""What can go wrong with the embedded cloud."""

from __future__ import annotations

from sundog.errors import BusyError, CloudError, ConfigError, UnsupportedError


class CloudNotInstalled(CloudError):
    """The embedded cloud's private environment could not be made.

    It is made once, in the user's cache folder, by uv from pinned requirements with hashes, and needs the Python
    package index (or the mirror that uv is configured to use) that once.
    """

    code = "SD-CLOUD-001"


class CloudNotStarted(CloudError):
    """The embedded cloud's process ended, or did not answer in time, while it started.

    Its output is kept in `.sundog/local/cloud/log`.
    """

    code = "SD-CLOUD-002"


class CloudStopped(CloudError):
    """Something was asked of an embedded cloud that does not run, or no longer answers."""

    code = "SD-CLOUD-003"


class CloudStateNotWritable(ConfigError):
    """The embedded cloud's folder in `.sundog/local/cloud/` cannot be written.

    All its data is kept there: tables, buckets, queues, logs, snapshots.
    """

    code = "SD-CLOUD-004"


class CloudPortTaken(BusyError):
    """Another program listens on this project's port of the embedded cloud.

    A project keeps one port, because the addresses that functions and browsers have seen contain it. It is chosen when
    the project first starts, written to `.sundog/local/cloud/port`, and can be set in pyproject.toml.
    """

    code = "SD-CLOUD-005"


class CloudUnsupported(UnsupportedError):
    """The embedded cloud lacks a resource type, or would silently drop one of its properties."""

    code = "SD-CLOUD-006"
