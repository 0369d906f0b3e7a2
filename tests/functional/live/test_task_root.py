"""Functions whose package has more than their code, run from their sources."""

from __future__ import annotations

import pytest

from .conftest import Live

pytestmark = pytest.mark.anyio

HANDLER = """
import os, pathlib
def handler(event, context):
    root = pathlib.Path(os.environ["LAMBDA_TASK_ROOT"])
    return {
        "words": pathlib.Path("data/words.txt").read_text(),
        "made": (root / "made.txt").read_text(),
        "own": (root / "data/own.txt").read_text(),
        "code": pathlib.Path(__file__).name,
    }
"""
EXTRAS = {
    "copy_files": [{"from": "elsewhere/words.txt", "to": "data/words.txt"}],
    "hooks": {
        "before": ["cat count 2>/dev/null > old; echo x >> count"],
        "after": ['echo made > "$SUNDOG_OUTPUT/made.txt"'],
    },
}


async def test_what_is_copied_and_made_is_where_lambda_has_it(live: Live) -> None:
    live.write("elsewhere/words.txt", "one two")
    live.write("data/own.txt", "own")
    await live.handler(HANDLER, build=EXTRAS)

    assert await live.answer() == {"words": "one two", "made": "made\n", "own": "own", "code": "app.py"}
    # Nothing is written into the user's own folders.
    assert not (live.root / "data/words.txt").exists()
    assert not (live.root / "made.txt").exists()


async def test_an_edit_of_a_copied_file_concerns_the_function(live: Live) -> None:
    live.write("elsewhere/words.txt", "before")
    live.write("data/own.txt", "own")
    await live.handler(
        HANDLER.replace(
            "def handler", "WORDS = pathlib.Path('data/words.txt').read_text()\ndef handler"
        ).replace('"made"', '"loaded": WORDS, "made"'),
        build=EXTRAS,
    )
    assert (await live.answer())["loaded"] == "before"

    await live.edit("elsewhere/words.txt", "after")

    assert (await live.answer())["loaded"] == "after"


async def test_a_command_that_fails_is_the_functions_error_until_it_is_mended(live: Live) -> None:
    await live.handler(
        "def handler(event, context):\n    return 1\n",
        build={"hooks": {"before": ["test -f ready || (echo not ready; exit 3)"]}},
    )

    error = await live.error()
    (live.root / "ready").touch()

    assert error["errorType"] == "Sundog.BuildFailed"
    assert "a command that runs before the build of" in error["errorMessage"]
    assert any("not ready" in line for line in error["stackTrace"])
    assert await live.answer() == 1
