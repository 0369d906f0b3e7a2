"""A distribution answers under `<label>.cloudfront.net` only, which no browser takes to this machine.

`<label>.cloudfront.localhost` is a name of this machine in every browser; the emulator's settings for its own host, an
address, make no such name.
"""

from __future__ import annotations

import re
from typing import Any

MODULE = "ministack.app"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Let it answer under that name, too."""
    module._CLOUDFRONT_HOST_RE = re.compile(r"^([a-z0-9]+)\.cloudfront\.(?:net|localhost)(?::\d+)?$")
