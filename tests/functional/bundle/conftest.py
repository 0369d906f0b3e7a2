import os
import zipfile
from pathlib import Path

import pytest

from sundog.bundle.build import build
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
