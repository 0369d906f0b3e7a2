"""Write the types of an app's resources, for editors and type checkers: `.sundog/types/`."""

from __future__ import annotations

from pathlib import Path

from sundog.bundle.node_runtime import node_runtime_folder
from sundog.deploy.synth.service import SynthService
from sundog.live.worker.python import runtime_package_folder
from sundog.model.events import Observer
from sundog.model.manifest import Manifest
from sundog.model.project import Project, Stage
from sundog.session.bound_names import bound_names
from sundog.session.python_types import python_stub
from sundog.session.typescript_types import typescript_declarations

TYPES_FOLDER = "types"
PYTHON_STUB = "sundog_runtime/__init__.pyi"
TYPESCRIPT_DECLARATIONS = "sundog-runtime.d.ts"


async def run_types(project: Project, stage: Stage, *, observer: Observer) -> list[Path]:
    """Synthesize the app and write its types; return the files that hold them. Needs no credentials.

    Raises:
        SundogError: Synth failed.
    """
    async with SynthService(project, observer).running() as synth:
        synthesized = await synth.synth(stage, mode="dev", reason="types")
    return write_types(project, synthesized.manifest)


def write_types(project: Project, manifest: Manifest) -> list[Path]:
    """Write the types of an app where they differ from what is there; return the files that hold them."""
    # Editors read one folder, whichever region was looked at.
    folder = project.base_dir / TYPES_FOLDER
    names = bound_names(manifest)
    texts: dict[str, str] = {}
    runtime = runtime_package_folder()
    if runtime is not None:
        source = (runtime / "_resources.py").read_text("utf-8")
        texts[PYTHON_STUB] = python_stub(source, names)
    declarations = (node_runtime_folder() / "index.d.ts").read_text("utf-8")
    texts[TYPESCRIPT_DECLARATIONS] = typescript_declarations(declarations, names)
    for name, text in texts.items():
        _write(folder / name, text)
    return [folder / name for name in texts]


def _write(file: Path, text: str) -> None:
    if file.is_file() and file.read_text("utf-8") == text:
        # Editors would read it again.
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.new")
    temporary.write_text(text, "utf-8")
    temporary.replace(file)
