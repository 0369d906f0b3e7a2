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
from sundog.session.site_types import site_declarations
from sundog.session.typescript_types import typescript_declarations

TYPES_FOLDER = "types"
PYTHON_STUB = "sundog_runtime/__init__.pyi"
TYPESCRIPT_DECLARATIONS = "sundog-runtime.d.ts"
SITES_FOLDER = "site-types"
"""Apart from the others: functions have no `import.meta.env`, and two sites have two."""
SITE_DECLARATIONS = "vite-env.d.ts"


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
    texts: dict[Path, str] = {}
    runtime = runtime_package_folder()
    if runtime is not None:
        source = (runtime / "_resources.py").read_text("utf-8")
        texts[folder / PYTHON_STUB] = python_stub(source, names)
    declarations = (node_runtime_folder() / "index.d.ts").read_text("utf-8")
    texts[folder / TYPESCRIPT_DECLARATIONS] = typescript_declarations(declarations, names)
    for entry in manifest.uploads:
        if entry.variables:
            file = project.state_dir / SITES_FOLDER / entry.name / SITE_DECLARATIONS
            texts[file] = site_declarations(entry)
    for file, text in texts.items():
        _write(file, text)
    return list(texts)


def _write(file: Path, text: str) -> None:
    if file.is_file() and file.read_text("utf-8") == text:
        # Editors would read it again.
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.new")
    temporary.write_text(text, "utf-8")
    temporary.replace(file)
