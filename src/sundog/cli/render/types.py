"""What `sundog types` shows: the files, and the settings by which editors find them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sundog.cli.render.output import Output
from sundog.model.project import SETTINGS_FILE, Project

_WANTED = (("mypy", "mypy_path", ".sundog/types"), ("pyright", "stubPath", ".sundog/types"))


def show_types(output: Output, project: Project, files: Sequence[Path]) -> None:
    """Write the files to stdout, and say which settings are missing."""
    for file in files:
        if output.as_json:
            output.json({"type": "TypesWritten", "file": str(file)})
        else:
            output.data(project.relative(file))
    missing = [] if output.as_json else _missing(project)
    if missing:
        output.talk(("hint: ", "cyan"), f"add to {SETTINGS_FILE}, so that editors and mypy find them:")
        for tool, key, value in missing:
            output.talk(f"    [tool.{tool}]")
            output.talk(f'    {key} = "{value}"')


def _missing(project: Project) -> list[tuple[str, str, str]]:
    document: dict[str, Any] = tomllib.loads((project.root / SETTINGS_FILE).read_text("utf-8"))
    tools = document.get("tool", {})
    return [wanted for wanted in _WANTED if wanted[1] not in tools.get(wanted[0], {})]
