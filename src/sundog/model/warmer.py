"""The event that keeps an execution environment warm, and that no handler ever sees.

The warmer function of a stack sends it; `sundog_runtime.warm` answers it in a deployed Python function, the wrapper that
`sundog.bundle` puts around the handler in a deployed Node function, and the live session for functions that run on this
machine.
"""

from __future__ import annotations

import json
from typing import Any

WARMER_KEY = "sundog:warmer"
"""The event is an object with this key alone; `sundog_runtime.warm` has the same text."""
HANDLER_VARIABLE = "SUNDOG_HANDLER"
"""Where `sundog_runtime.warm` reads which handler it stands before."""
WARM_HANDLER = "sundog_runtime.warm.handler"
INTERVAL_MINUTES = 5
"""Lambda keeps an idle environment for longer than this, by what is seen; it promises nothing."""
DELAY_MS = 75
"""How long each environment is held, so that the others' events need environments of their own."""
LONGEST_DELAY_MS = 600
"""It is doubled up to this while one environment answers several events."""


def is_warmer_event(payload: bytes) -> bool:
    """Tell whether an event is the warmer's."""
    # It is short, and the key comes first: others are not read for this.
    if len(payload) > 200 or WARMER_KEY.encode() not in payload:
        return False
    try:
        event: Any = json.loads(payload)
    except ValueError:
        return False
    return isinstance(event, dict) and list(event) == [WARMER_KEY]
