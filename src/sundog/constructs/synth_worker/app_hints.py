"""What mends the mistakes that apps make most: a misspelt name or option, a missing package or variable."""

from __future__ import annotations

import builtins
import importlib.metadata
import inspect
import os
import pkgutil
import re
import sys
import traceback
from collections.abc import Iterable
from types import FrameType, ModuleType

from sundog.errors import suggestion

_UNKNOWN_OPTION = re.compile(r"(?:\w+\.)*(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")
_UNKNOWN_IMPORT = re.compile(r"cannot import name '(\w+)'")


def hint_for(error: BaseException) -> str | None:
    """Return what the user can do about what the app raised, or None."""
    match error:
        case ModuleNotFoundError(name=str(name)):
            return _missing_module(name)
        case ImportError(name=str(module)):
            found = _UNKNOWN_IMPORT.search(str(error))
            return _write(found and suggestion(found[1], dir(sys.modules.get(module))))
        case NameError(name=str(name)):
            return _write(suggestion(name, _names_in(_frames(error))))
        case AttributeError(name=str(name), obj=owner) if owner is not None:
            return _write(suggestion(name, (known for known in dir(owner) if not known.startswith("_"))))
        case KeyError(args=(str(name),)) if _was_read_from_environ(error):
            return f"set it for the command: `{name}=… sundog dev`; or read it with `os.environ.get`, which has a default"
        case TypeError():
            return _unknown_option(error)
        case _ if type(error).__name__ in {"EOFError", "BdbQuit"}:
            return "the app has no terminal here: run `python app.py` to answer it, or to stop at its breakpoints"
        case _:
            return None


def _write(name: str | None) -> str | None:
    return f"write `{name}`" if name else None


def _missing_module(name: str) -> str:
    top = name.partition(".")[0]
    near = suggestion(top, [*sys.stdlib_module_names, *_installed(), *_beside_the_app()])
    if near is not None and near != top:
        return f"write `{near}`"
    return f"install the package that has it where the app runs, in `{sys.prefix}`, and add it to the dependencies"


def _installed() -> Iterable[str]:
    return importlib.metadata.packages_distributions()


def _beside_the_app() -> Iterable[str]:
    return [module.name for module in pkgutil.iter_modules(sys.path[:1])]


def _unknown_option(error: TypeError) -> str | None:
    found = _UNKNOWN_OPTION.match(str(error))
    if not found:
        return None
    # jsii calls a construct's `__init__` from a frame of its own, which does not know the name.
    kinds = (_class_named(found[1], frame) for frame in reversed(_frames(error)))
    kind = next((kind for kind in kinds if kind is not None), None)
    if kind is None:
        return None
    parameters = inspect.signature(kind.__init__).parameters.values()  # type: ignore[misc]  # of this very class
    options = [entry.name for entry in parameters if entry.kind is entry.KEYWORD_ONLY]
    near = suggestion(found[2], options)
    return _write(near) or (f"remove it, or write one of {', '.join(options)}" if options else None)


def _class_named(name: str, frame: FrameType) -> type | None:
    """Return a class that code can name, by itself or as `module.Class`."""
    values = [*frame.f_locals.values(), *frame.f_globals.values()]
    held = (vars(value).get(name) for value in values if isinstance(value, ModuleType))
    return next(
        (value for value in (*values, *held) if isinstance(value, type) and value.__name__ == name), None
    )


def _names_in(frames: list[FrameType]) -> list[str]:
    return [*frames[-1].f_locals, *frames[-1].f_globals, *vars(builtins)] if frames else []


def _frames(error: BaseException) -> list[FrameType]:
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)]


def _was_read_from_environ(error: KeyError) -> bool:
    return any(isinstance(frame.f_locals.get("self"), type(os.environ)) for frame in _frames(error))
