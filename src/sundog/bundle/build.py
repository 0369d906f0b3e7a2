"""Packaging the code of a function for AWS Lambda.

`build` fills a folder with what Lambda unpacks into `/var/task`. The folder appears by a rename, so a build that fails
or is interrupted leaves what was there before. The result depends on the sources, the locked dependencies, the runtime
and the architecture alone: same input, same files.

* Python (`python`): the files of the source folder, the third-party packages that its lock file names (as wheels for
  Lambda's platform, never built here), and `sundog_runtime`.
* Node (`javascript`): one ECMAScript module made by esbuild, and its source map.
* Both: what `copy_files` names, and what the commands of `hooks` make of it all (`extras`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sundog.bundle.extras import copy_files, run_hooks
from sundog.bundle.javascript import Options, build_node
from sundog.bundle.options import read_options
from sundog.bundle.python import build_python
from sundog.bundle.request import BundleRequest, declared_at
from sundog.bundle.size import check_size
from sundog.errors import BundleError


class LanguageNotBundled(BundleError):
    """There is no builder for the language of a function."""

    code = "SD-BUNDLE-003"


BUILDERS: dict[str, Callable[[BundleRequest, Path], None]] = {"python": build_python, "node": build_node}
"""By language: fills an empty folder."""


def build(request: BundleRequest) -> Path:
    """Package a function's code and return the folder.

    Raises:
        BundleError: The code cannot be packaged, or a command before or after it fails.
        UnknownBuildOption: `build` has an option of another name.
    """
    entry = request.entry
    builder = BUILDERS.get(entry.language)
    if builder is None:
        raise LanguageNotBundled(
            f"`{entry.name}` is written in `{entry.language}`, which sundog does not package",
            where=declared_at(entry),
            why=f"it packages {', '.join(BUILDERS)}",
            fix="package it yourself and give the construct `lambda_.Code.from_asset(…)`",
        )
    options = read_options(entry.build, declared_at(entry), Options)
    output, root = request.output_dir, request.project_root
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name[:16]}-") as temporary:
        staging = Path(temporary) / "code"
        staging.mkdir()
        hooks = partial(run_hooks, entry, root=root, output=staging, environ=request.environ)
        hooks(options.hooks.before, "before")
        builder(request, staging)
        copy_files(entry, options.copy_files, root=root, output=staging)
        hooks(options.hooks.after, "after")
        check_size(entry, staging)
        if output.exists():
            # Not removed in place: a rename is quick, so hardly ever is there no folder at all.
            output.rename(Path(temporary) / "before")
        staging.rename(output)
    return output
