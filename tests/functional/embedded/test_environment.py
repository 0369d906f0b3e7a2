"""The private environment: made once, whole or not at all, and its failures explained."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sundog.aws.embedded.environment import cloud_environment
from sundog.aws.embedded.errors import CloudNotInstalled


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache with spaces é")


def test_two_creators_at_once_install_once(cache):
    lines: list[str] = []
    environ = {**os.environ, "SUNDOG_CACHE_DIR": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: cloud_environment(lines.append, environ), range(2))

    packages = one.python.parent.parent / "lib"
    compiled = list(packages.glob("python*/site-packages/ministack/__pycache__/app.*.pyc"))
    assert one == other
    assert lines == ["Installing the embedded cloud (once)"]
    assert compiled, "the emulator was not compiled"
    assert list(one.launcher.glob("sundog_launcher/__pycache__/main.*.pyc")), "the launcher was not compiled"
    assert not [
        entry.name for entry in one.python.parent.parent.parent.iterdir() if entry.name.startswith("install-")
    ]


def test_unreachable_package_index_is_explained(tmp_path):
    environ = {
        "PATH": os.environ["PATH"],
        "SUNDOG_CACHE_DIR": str(tmp_path),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        "UV_NO_CONFIG": "1",
        "UV_HTTP_RETRIES": "0",
    }

    with pytest.raises(CloudNotInstalled) as caught:
        cloud_environment(lambda _: None, environ)

    assert caught.value.what == "the embedded cloud cannot be installed"
    assert caught.value.why
    assert "UV_DEFAULT_INDEX" in caught.value.fixes[1]
    assert [entry.name for entry in (tmp_path / "embedded-cloud").iterdir() if entry.is_dir()] == []


def test_unwritable_cache_folder_is_explained(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(CloudNotInstalled) as caught:
        cloud_environment(lambda _: None, {**os.environ, "SUNDOG_CACHE_DIR": str(tmp_path / "file")})

    assert "SUNDOG_CACHE_DIR" in caught.value.fixes[1]


def test_launcher_needs_nothing_of_sundog():
    source = "import sundog.aws.embedded.environment as e; print(e.LAUNCHER_SOURCE)"
    folder = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    ).stdout.strip()
    imports = subprocess.run(
        ["grep", "-rEn", "--include=*.py", "^ *(import|from) +sundog", folder],
        capture_output=True,
        text=True,
        check=False,
    ).stdout

    assert imports == ""
