"""The handler of a Python function that is kept warm: answers the warmer, and hands everything else to the user's.

`Function(…, warm=2)` makes this the function's handler on AWS, with the user's own in `SUNDOG_HANDLER`, which is imported
as this module is: in the init phase, as without it.
"""

from __future__ import annotations

import importlib
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

WARMER_KEY = "sundog:warmer"


def _handler(name: str) -> Callable[[Any, Any], Any]:
    module, _, function = name.rpartition(".")
    handler: Callable[[Any, Any], Any] = getattr(importlib.import_module(module.replace("/", ".")), function)
    return handler


_user_handler = _handler(os.environ["SUNDOG_HANDLER"])
_named: list[str] = []


def _environment() -> str:
    # Not when the module is imported: a snapshot of Lambda's would have the name in all environments.
    if not _named:
        _named.append(os.urandom(8).hex())
    return _named[0]


def handler(event: Any, context: Any) -> Any:
    """Answer the warmer's event; call the user's handler with any other."""
    if isinstance(event, dict) and WARMER_KEY in event and len(event) == 1:
        # Held for a moment, so that the warmer's other events need environments of their own.
        time.sleep(event[WARMER_KEY]["delay_ms"] / 1000)
        return {"environment": _environment()}
    return _user_handler(event, context)
