import asyncio
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sundog.bundle.esbuild_install import EsbuildInstallFailed, esbuild_binary, esbuild_packages
from sundog.bundle.node import node_binary
from sundog.model.threads import in_thread


def test_installed_esbuild_runs_and_is_the_pinned_version(esbuild_environ):
    binary = esbuild_binary(lambda _line: None, esbuild_environ)
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()

    pinned = (binary.parents[3] / "esbuild" / "package.json").read_text()
    assert f'"version": "{version}"' in pinned


def test_node_can_require_the_installed_package(esbuild_environ):
    packages = esbuild_packages(lambda _line: None, esbuild_environ)
    script = "console.log(require('esbuild').transformSync('let x: number = 1', {loader: 'ts'}).code)"
    finished = subprocess.run(
        [node_binary(), "-e", script], cwd=packages.parent, capture_output=True, text=True, check=True
    )

    assert finished.stdout.strip() == "let x = 1;"


def test_two_at_once_install_once(tmp_path, npm_environ):
    environ = {**npm_environ, "SUNDOG_CACHE_DIR": str(tmp_path)}
    lines: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: esbuild_binary(lines.append, environ), range(2))

    assert first == second
    assert lines == ["Installing esbuild (once)"]


def test_unreachable_registry_is_an_error_with_a_fix_and_leaves_nothing(tmp_path: Path, npm_environ):
    environ = {
        **npm_environ,
        "SUNDOG_CACHE_DIR": str(tmp_path),
        "npm_config_registry": "http://127.0.0.1:9/",
        "npm_config_fetch_retries": "0",
        "npm_config_cache": str(tmp_path / "npm"),
    }
    with pytest.raises(EsbuildInstallFailed) as raised:
        esbuild_binary(lambda _line: None, environ)

    assert raised.value.what == "esbuild cannot be installed"
    assert "ECONNREFUSED" in (raised.value.why or "")
    assert [path.name for path in (tmp_path / "esbuild").iterdir() if path.is_dir()] == []


def test_an_installation_that_nobody_waits_for_any_more_ends_and_leaves_nothing(tmp_path: Path, npm_environ):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as silent_registry:
            silent_registry.settimeout(60)
            environ = {
                **npm_environ,
                "SUNDOG_CACHE_DIR": str(tmp_path),
                "npm_config_registry": f"http://127.0.0.1:{silent_registry.getsockname()[1]}/",
                "npm_config_cache": str(tmp_path / "npm"),
            }
            installing = asyncio.create_task(in_thread(esbuild_binary, lambda _line: None, environ))
            asking, _ = await asyncio.to_thread(silent_registry.accept)
            installing.cancel()
            await asyncio.wait({installing})
            return asking

    with asyncio.run(main()) as asking:
        asking.settimeout(60)
        while asking.recv(65536):
            pass
    assert [path.name for path in (tmp_path / "esbuild").iterdir() if path.is_dir()] == []
