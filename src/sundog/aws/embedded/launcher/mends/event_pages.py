"""An event that comes while a client reads the events of a stack page by page repeats one on the next page.

The emulator's token says how many newer events were read. Here it says how many older ones there are, which never changes.

The first page is short as well, which AWS leaves open: who follows a deploy asks for what is new, and a hundred older events
take a client longer to read than an update takes.
"""

from __future__ import annotations

from typing import Any

MODULE = "ministack.services.cloudformation.handlers"
VERSIONS = frozenset({"1.5.33"})

_ACTION = "DescribeStackEvents"
_FIRST_PAGE = 20
_PAGE = 100


def mend(module: Any) -> None:
    """Cut events down to a page in another way."""
    original, parameter = module._page, module._p

    def page(items: Any, params: Any, action: str, *rest: Any, **named: Any) -> tuple[Any, str, Any]:
        if action != _ACTION:
            result: tuple[Any, str, Any] = original(items, params, action, *rest, **named)
            return result
        token = parameter(params, "NextToken")
        tagged, _, older = token.partition(":")
        if token and (tagged != _ACTION or not older.isdigit()):
            return [], "", module._error("ValidationError", "Invalid NextToken")
        start = max(0, len(items) - int(older)) if token else 0
        end = start + (_PAGE if token else _FIRST_PAGE)
        left = len(items) - end
        return items[start:end], f"<NextToken>{_ACTION}:{left}</NextToken>" if left > 0 else "", None

    module._page = page
