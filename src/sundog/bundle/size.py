"""Lambda's limit on the size of a package, checked before an upload of minutes ends in a refusal."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from sundog.bundle.request import declared_at
from sundog.errors import BundleError
from sundog.model.manifest import FunctionEntry

MAX_UNZIPPED_BYTES = 250 * 1024 * 1024
"""Code and layers together, unzipped: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_SHOWN = 10


class PackageTooLarge(BundleError):
    """The unzipped package is larger than Lambda accepts.

    The largest packages in it are listed. What Lambda has anyway (boto3) and what only development needs can go; large
    data belongs into a bucket.
    """

    code = "SD-BUNDLE-004"


def check_size(entry: FunctionEntry, folder: Path, limit: int = MAX_UNZIPPED_BYTES) -> None:
    """Refuse a package that Lambda would.

    Raises:
        PackageTooLarge: It is.
    """
    sizes: Counter[str] = Counter()
    for parent, _, files in os.walk(folder):
        for name in files:
            file = Path(parent) / name
            sizes[file.relative_to(folder).parts[0]] += file.stat().st_size
    total = sizes.total()
    if total > limit:
        raise PackageTooLarge(
            f"the package of `{entry.name}` has {_megabytes(total)}, {_megabytes(limit)} is the most",
            where=declared_at(entry),
            why="Lambda limits the unzipped size of code and layers",
            fix=[
                "remove dependencies that the handler does not need",
                "or give the function a folder and dependencies of its own",
            ],
            details=[f"{_megabytes(size):>9}  {name}" for name, size in sizes.most_common(_SHOWN)],
        )


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB"
