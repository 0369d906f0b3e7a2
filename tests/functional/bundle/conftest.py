import json
import os
import subprocess
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sundog.bundle.build import build
from sundog.bundle.node import node_binary
from sundog.bundle.request import BundleRequest
from sundog.model.manifest import FunctionEntry, SourcePlace


@pytest.fixture(scope="session")
def npm_environ():
    return dict(os.environ)


@pytest.fixture(scope="session")
def esbuild_environ(npm_environ):
    """The user's own cache folder: installing once serves all workers and runs."""
    return npm_environ


def wheel(folder, name, version="1.0", *, tag="py3-none-any", needs=(), files=None):
    """Write a wheel as small as they get."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    content = {
        f"{name}/__init__.py": f"VERSION = {version!r}\n",
        **(files or {}),
        f"{info}/METADATA": metadata + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as out:
        for path, text in content.items():
            out.writestr(path, text)
        out.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"]))


@pytest.fixture(scope="session")
def index(tmp_path_factory):
    """A folder of wheels that takes the place of a package index."""
    folder = tmp_path_factory.mktemp("wheels")
    wheel(folder, "plain", needs=("inner",))
    wheel(folder, "inner")
    wheel(folder, "cloudy", needs=("boto3", "inner"))
    wheel(folder, "boto3", "1.40.0", needs=("botocore",))
    wheel(folder, "botocore", "1.40.0")
    wheel(folder, "sundog", needs=("inner",))
    wheel(folder, "newer", "2.0", needs=("inner>=2",))
    for machine in ("x86_64", "aarch64"):
        wheel(folder, "native", tag=f"cp312-cp312-manylinux_2_34_{machine}")
    (folder / "uv.toml").write_text(f"no-index = true\nfind-links = [{str(folder)!r}]\n")
    wheel(folder, "intel", tag="cp312-cp312-manylinux_2_34_x86_64")
    return folder


class Bundled:
    """A project to package functions of."""

    def __init__(self, root: Path, output: Path, environ: dict[str, str]) -> None:
        self.root = root
        self.output = output
        self.environ = environ
        self.progress: list[str] = []
        self.write("pyproject.toml", "[tool.sundog]\nname = 'app'\n")
        self.write("app.py", "import aws_cdk\n")
        self.write("functions/notes.py", "def handler(event, context):\n    return event\n")

    def write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def depends(self, *requirements: str) -> None:
        lines = "".join(f"  {line!r},\n" for line in requirements)
        self.write(
            "pyproject.toml",
            f"[project]\nname = 'app'\nversion = '1'\nrequires-python = '>=3.9'\ndependencies = [\n{lines}]\n"
            "[tool.sundog]\nname = 'app'\n",
        )

    def build(self, **fields: object) -> Path:
        known = {
            "id": "api/notes",
            "name": "notes",
            "stack": "main",
            "logical_id": "Notes",
            "handler": "functions/notes.handler",
            "runtime": "python3.12",
            "language": "python",
            "source": ".",
            "file": "functions/notes.py",
            "function": "handler",
            "timeout_seconds": 3,
            "memory_mb": 128,
            "place": SourcePlace(file="app.py", line=1),
        }
        return build(
            BundleRequest(
                project_root=self.root,
                entry=FunctionEntry(**(known | fields)),
                output_dir=self.output,
                progress=self.progress.append,
                environ=self.environ,
            )
        )

    def files(self) -> set[str]:
        return {
            file.relative_to(self.output).as_posix()
            for file in self.output.rglob("*")
            if file.is_file() and not file.is_relative_to(self.output / "sundog_runtime")
        }


@pytest.fixture
def bundled(tmp_path, index):
    (tmp_path / "a projéct").mkdir()
    environ = dict(os.environ) | {
        "SUNDOG_CACHE_DIR": str(tmp_path / "cache"),
        "UV_CONFIG_FILE": str(index / "uv.toml"),
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
    }
    return Bundled(tmp_path / "a projéct", tmp_path / "output", environ)


@pytest.fixture
def bundled_node(tmp_path, esbuild_environ):
    (tmp_path / "a projéct").mkdir()
    bundled = Bundled(tmp_path / "a projéct", tmp_path / "output", esbuild_environ)
    bundled.node = lambda file, **fields: bundled.build(
        language="node",
        runtime="nodejs22.x",
        file=file,
        handler=f"{file.rpartition('.')[0]}.handler",
        **fields,
    )
    return bundled


@pytest.fixture
def bound_environ():
    """What is bound to the handlers of `evaluate`."""
    return {}


@pytest.fixture
def evaluate(bundled_node, bound_environ):
    """Bundle a handler that imports `sundog-runtime`, and evaluate expressions in it; a rejection is its message."""

    def run(*expressions, node_modules=None, **environ):
        cases = ", ".join(f"async () => {expression}" for expression in expressions)
        bundled_node.write(
            "functions/use.js",
            "import { resources, readResources, Session, signedIn } from 'sundog-runtime';\n"
            f"const cases = [{cases}];\n"
            "export async function handler() {\n  const said = [];\n  for (const one of cases) {\n"
            "    try { said.push(await one()); } catch (error) { said.push(`${error.name}: ${error.message}`); }\n"
            "  }\n  return said;\n}\n",
        )
        bundled_node.node("functions/use.js")
        if node_modules is not None:
            (bundled_node.output / "node_modules").symlink_to(node_modules)
        module = json.dumps(str(bundled_node.output / "functions/use.mjs"))
        done = subprocess.run(
            [
                node_binary(),
                "--input-type=module",
                "-e",
                f"console.log(JSON.stringify(await (await import({module})).handler()))",
            ],
            env={**bound_environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


class SystemsManager:
    """A Systems Manager that has parameters, and fails when it has answered so many requests."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.answers = 1000
        self.asked = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def environ(self) -> dict[str, str]:
        """What leads an AWS SDK here."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server.server_port}",
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def answer(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer `GetParameters` or `GetParameter`."""
        self.asked += 1
        if self.asked > self.answers:
            return 400, {"__type": "ValidationException", "message": "down"}
        names = asked.get("Names") or [asked["Name"]]
        found = [{"Name": name, "Value": self.values[name]} for name in names if name in self.values]
        return 200, {"Parameters": found} if "Names" in asked else {"Parameter": found[0]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        manager = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                status, body = manager.answer(
                    json.loads(self.rfile.read(int(self.headers["content-length"])))
                )
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                return

        return Handler


@pytest.fixture
def systems_manager():
    manager = SystemsManager()
    yield manager
    manager.server.shutdown()
    manager.server.server_close()
