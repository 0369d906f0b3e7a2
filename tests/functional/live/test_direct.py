from __future__ import annotations

import socket
from pathlib import Path

import pytest

from sundog.live.bridge.direct import DirectPortTaken

from .conftest import live_session

pytestmark = pytest.mark.anyio


async def test_taken_port_is_told_by_its_number(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DirectPortTaken, match=f"port `{port}` of this machine cannot be listened on"):
            async with live_session(tmp_path, direct_port=port):
                pass
