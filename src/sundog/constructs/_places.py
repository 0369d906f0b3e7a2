"""Which line of the user's code made a construct.

Every construct, sundog's or the CDK's, is created through `jsii.create`. We wrap that one function: it looks up the
Python stack to the first frame that is the user's and files its place under the construct's path. CloudFormation
resources that the CDK makes below it in JavaScript, without Python's knowledge, are found by the nearest path above them.

The walk costs about two microseconds for each construct; the CDK's own stack traces cost a thousand times that.
"""

from __future__ import annotations

import itertools
import linecache
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import aws_cdk
import constructs
import jsii

import sundog
from sundog.errors import Location
from sundog.model.manifest import SourcePlace

_TRAIL = "_sundog_trail"
_OURS = str(Path(sundog.__file__).parent) + os.sep
_FOREIGN = (
    _OURS,
    *(str(Path(module.__file__ or "").parent) + os.sep for module in (jsii, aws_cdk, constructs)),
    str(Path(os.__file__).parent) + os.sep,
)


@dataclass(kw_only=True)
class Places:
    """The places of one app's constructs, by construct path."""

    root: Path
    by_path: dict[str, SourcePlace] = field(default_factory=dict)
    _files: dict[CodeType, str | None] = field(default_factory=dict)

    def here(self) -> SourcePlace | None:
        """Return the innermost line of the user's that is running, or None when all of the stack is libraries'."""
        frame, file = self._user_frame()
        return None if frame is None else SourcePlace(file=file, line=frame.f_lineno)

    def here_at(self, text: str) -> SourcePlace | None:
        """Return the line of the running call that holds a string, such as one of the routes of an API.

        Args:
            text: The string, as in the source. The call's first line is returned when it is not found there.
        """
        frame, file = self._user_frame()
        if frame is None:
            return None
        instructions = frame.f_code.co_positions()
        _, last, _, _ = next(
            itertools.islice(instructions, frame.f_lasti // 2, None), (None, None, None, None)
        )
        for line in range(frame.f_lineno, (last or frame.f_lineno) + 1):
            source = linecache.getline(str(self.root / file), line)
            if f'"{text}"' in source or f"'{text}'" in source:
                return SourcePlace(file=file, line=line)
        return SourcePlace(file=file, line=frame.f_lineno)

    def _user_frame(self) -> tuple[FrameType | None, str]:
        # inspect.stack() would read the source files of all frames.
        frame: FrameType | None = sys._getframe(2)
        files = self._files
        while frame is not None:
            code = frame.f_code
            if code not in files:
                files[code] = self._user_file(code.co_filename)
            file = files[code]
            if file is not None:
                return frame, file
            frame = frame.f_back
        return None, ""

    def location(self, place: SourcePlace | None) -> Location | None:
        """Return a place as errors show it, with the text of the line."""
        if place is None:
            return None
        text = linecache.getline(str(self.root / place.file), place.line).strip()
        return Location(place.file, place.line, text or None)

    def of(self, path: str) -> SourcePlace | None:
        """Return the place of a construct, or of the nearest one above it whose place is known."""
        while path:
            if (place := self.by_path.get(path)) is not None:
                return place
            path = path.rpartition("/")[0]
        return None

    def _user_file(self, filename: str) -> str | None:
        if filename.startswith("<"):
            return None
        path = Path(filename).resolve()
        text = str(path)
        if text.startswith(_FOREIGN) or "site-packages" in path.parts or "dist-packages" in path.parts:
            return None
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else text


class Trail(NamedTuple):
    """What each construct below a followed root carries."""

    owner: Any
    """Whatever the follower gave: sundog's registry of the app."""
    places: Places
    path: str
    """The construct path, known without asking the CDK."""


def follow(root: object, places: Places, owner: object) -> None:
    """Record the places of the constructs that are created below a root from now on."""
    setattr(root, _TRAIL, Trail(owner, places, ""))
    if not getattr(jsii.create, "is_recording", False):
        jsii.create = _recording(jsii.create)


def trail_of(construct: constructs.Construct) -> Trail | None:
    """Return what a construct carries, or None when the root of its tree is not followed."""
    trail = construct.__dict__.get(_TRAIL)
    if trail is None:
        # The CDK made the construct and the user fetched it: `bucket.node.default_child`, `stack.nested`.
        root = construct.node.root.__dict__.get(_TRAIL)
        if root is not None:
            trail = construct.__dict__[_TRAIL] = root._replace(path=construct.node.path)
    return trail


def _recording(create: Callable[..., Any]) -> Callable[..., Any]:
    def create_and_record(klass: Any, obj: Any, args: list[Any] | None = None) -> Any:
        created = create(klass, obj, args)
        if args and len(args) > 1 and isinstance(args[1], str) and isinstance(args[0], constructs.Construct):
            _record(obj, args[0], args[1])
        return created

    create_and_record.is_recording = True  # type: ignore[attr-defined]
    return create_and_record


def _record(obj: Any, scope: constructs.Construct, construct_id: str) -> None:
    trail = trail_of(scope)
    if trail is None:
        return
    # The CDK replaces the path separator in ids, too.
    name = construct_id.replace("/", "--")
    path = f"{trail.path}/{name}" if trail.path else name
    obj.__dict__[_TRAIL] = trail._replace(path=path)
    place = trail.places.here()
    if place is not None:
        trail.places.by_path[path] = place
