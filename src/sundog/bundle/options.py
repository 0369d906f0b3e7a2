"""The options of `build` that all languages share, and how options are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, TypeVar

import msgspec

from sundog.errors import ConfigError, Location, suggestion


class UnknownBuildOption(ConfigError):
    """`build` of a function has an option that the builder does not know, or a value that an option cannot have."""

    code = "SD-BUNDLE-022"


class CopiedFile(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"source": "from"}
):
    """A file or folder that goes into the package besides the code."""

    source: str
    """From the project root; written as `from`."""
    to: str = ""
    """In the package; by default where it is in the project."""

    @property
    def target(self) -> PurePosixPath:
        """Where it stands in the package."""
        return PurePosixPath(self.to or self.source)


class Hooks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Commands that run around a build, in the project root."""

    before: list[str] = []
    after: list[str] = []


class BuildOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`Function(…, build={…})`, whatever its language."""

    copy_files: list[CopiedFile] = []
    hooks: Hooks = Hooks()

    @property
    def has_extras(self) -> bool:
        """Whether anything happens besides the build itself."""
        return bool(self.copy_files or self.hooks.before or self.hooks.after)


OptionsType = TypeVar("OptionsType", bound=BuildOptions)


def read_options(build: Mapping[str, Any], where: Location | None, kind: type[OptionsType]) -> OptionsType:
    """Return the options of `build`.

    Raises:
        UnknownBuildOption: One has no meaning, or a wrong value.
    """
    known = kind.__struct_fields__
    for name in build:
        if name not in known:
            close = suggestion(name, known)
            raise UnknownBuildOption(
                f"`{name}` is not an option of `build`",
                where=where,
                why=f"the options are {', '.join(known)}",
                fix=f"write `{close}`" if close else f"remove `{name}`",
            )
    try:
        options = msgspec.convert(dict(build), kind)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        name = path.strip("`.") or "build"
        raise UnknownBuildOption(
            f"the option `{name}` of `build` is wrong",
            where=where,
            why=reason.lower(),
            fix="correct the value",
        ) from error
    for one in options.copy_files:
        if one.target.is_absolute() or ".." in one.target.parts:
            raise UnknownBuildOption(
                f"`{one.target}` of `copy_files` is not in the package",
                where=where,
                why="`to` is a path below the folder that Lambda unpacks the package into",
                fix='name the place in the package: `{"from": "' + one.source + '", "to": "data"}`',
            )
    return options
