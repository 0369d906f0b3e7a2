from __future__ import annotations

from pathlib import Path

import pytest

from sundog.model.events import Notice

from .conftest import function, live_session

pytestmark = pytest.mark.anyio

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def installed() -> list[tuple[str, str]]:
    import os
    import shutil

    found = []
    for version in VERSIONS:
        pyenv = sorted(
            (Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions").glob(f"{version}.*")
        )
        path = str(pyenv[-1] / "bin" / "python") if pyenv else shutil.which(f"python{version}")
        if path is not None and os.access(path, os.X_OK):
            found.append((version, path))
    return found


@pytest.mark.parametrize(("version", "python"), installed())
async def test_handler_runs_and_reloads_in_every_supported_python(
    tmp_path: Path, version: str, python: str
) -> None:
    source = (
        "import sys, logging, subprocess\nVERSION = {version}\ndef handler(event, context):\n"
        "    print('printed')\n    logging.getLogger().warning('logged')\n"
        "    if event == 'raise':\n        raise ValueError('boom')\n"
        "    return [VERSION, '%d.%d' % sys.version_info[:2]]\n"
    )
    async with live_session(tmp_path, python=python) as live:
        live.write("app.py", source.format(version=1))
        await live.serve(function("app.handler", runtime=f"python{version}"))
        first = await live.answer(request_id="r-1")
        error = await live.error("raise")
        await live.edit("app.py", source.format(version=2))
        second = await live.answer()

    assert (first, second) == ([1, version], [2, version])
    assert error["errorType"] == "ValueError"
    assert live.lines("r-1")[0] == "printed"
    assert live.of(Notice) == []


async def test_function_of_another_version_runs_in_that_interpreter(tmp_path: Path) -> None:
    import sys

    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    other = next((version for version, _ in installed() if version != own), None)
    if other is None:
        pytest.skip("only one Python is installed on this machine")
    async with live_session(tmp_path) as live:
        live.write(
            "app.py", "import sys\ndef handler(event, context):\n    return '%d.%d' % sys.version_info[:2]\n"
        )
        await live.serve(
            function("app.handler", "own"), function("app.handler", "other", runtime=f"python{other}")
        )
        answers = [await live.answer(name="own"), await live.answer(name="other")]

    assert answers == [own, other]
    assert "has none of the project's packages" in live.of(Notice)[0].text


async def test_user_is_told_when_no_interpreter_fits(tmp_path: Path) -> None:
    async with live_session(tmp_path) as live:
        live.write("app.py", "def handler(event, context):\n    return 1\n")
        await live.serve(function("app.handler", runtime="python3.99"))
        await live.answer()

    (notice,) = live.of(Notice)
    assert notice.text.startswith("functions with the runtime python3.99 run in Python 3.")
    assert notice.fix is not None
    assert notice.fix.startswith("install it (`uv python install 3.99`)")


async def test_function_whose_runtime_is_a_default_runs_in_the_projects_python(tmp_path: Path) -> None:
    import sys

    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    other = next(version for version in VERSIONS if version != own)
    async with live_session(tmp_path) as live:
        live.write(
            "app.py", "import sys\ndef handler(event, context):\n    return '%d.%d' % sys.version_info[:2]\n"
        )
        await live.serve(function("app.handler", runtime=f"python{other}", runtime_is_default=True))
        answer = await live.answer()

    assert answer == own
    assert live.of(Notice) == []
