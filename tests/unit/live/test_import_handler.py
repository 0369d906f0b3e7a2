"""What AWS's runtime says of a handler's name that cannot be one."""

from __future__ import annotations

import pytest

from sundog.live.worker.child.faults import Fault
from sundog.live.worker.child.runtime import import_handler


def test_a_name_without_a_function_is_malformed() -> None:
    with pytest.raises(Fault) as raised:
        import_handler("handler")

    assert (raised.value.error_type, raised.value.message) == (
        "Runtime.MalformedHandlerName",
        "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
    )
