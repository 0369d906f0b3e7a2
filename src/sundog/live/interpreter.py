"""Which Python runs a function's handler.

First the project's: `python` in the settings, the active virtual environment, `.venv` or `venv` in the folder, poetry's,
pipenv's, and at last the one that runs sundog. When the user names another version as the function's runtime, an
installed interpreter of that version is used if there is one; else the project's, and the user is told. A runtime that
nobody named is a default that `requires-python` allows, and so is the project's Python, which has the project's packages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sundog.errors import ConfigError, Location
from sundog.model.functions import DeployedFunction
from sundog.model.project import Project


class InterpreterNotFound(ConfigError):
    """`python` in the settings names a program that does not exist or cannot be run."""

    code = "SD-LIVE-011"


Run = Callable[[Sequence[str]], str | None]
"""Runs a program and returns its output, None when it failed."""
Tell = Callable[[str, str | None], None]


class InterpreterChooser:
    """Chooses, and remembers what it chose."""

    def __init__(
        self, project: Project, tell: Tell, *, environ: Mapping[str, str], run: Run | None = None
    ) -> None:
        """Take the project, who tells the user, and how to run programs."""
        self._project = project
        self._tell = tell
        self._environ = environ
        self._run = run or (lambda argv: run_program(argv, project.root, environ))
        self._project_python: str | None = None
        self._versions: dict[str, str | None] = {}
        self._by_runtime: dict[str, str] = {}

    def choose(self, function: DeployedFunction) -> str:
        """Return the path of the interpreter for a function."""
        runtime = function.entry.runtime
        if function.entry.runtime_is_default:
            return self.project_python()
        if runtime not in self._by_runtime:
            self._by_runtime[runtime] = self._choose(runtime)
        return self._by_runtime[runtime]

    def project_python(self) -> str:
        """Return the project's interpreter."""
        if self._project_python is None:
            self._project_python = self._find_project_python()
        return self._project_python

    def version(self, interpreter: str) -> str | None:
        """Return `3.12` for an interpreter of that version; None when it does not run."""
        if interpreter not in self._versions:
            code = "import sys; print('%d.%d' % sys.version_info[:2])"
            output = self._run([interpreter, "-I", "-c", code])
            self._versions[interpreter] = None if output is None else output.strip()
        return self._versions[interpreter]

    def _choose(self, runtime: str) -> str:
        own = self.project_python()
        wanted = runtime.removeprefix("python")
        if not runtime.startswith("python") or self.version(own) == wanted:
            return own
        other = self._installed(wanted)
        if other is None:
            self._tell(
                f"functions with the runtime {runtime} run in Python {self.version(own)}:"
                f" no Python {wanted} was found",
                f"install it (`uv python install {wanted}`), or give the functions the runtime python{self.version(own)}",
            )
            return own
        if not self._has_dependencies(other):
            self._tell(
                f"functions with the runtime {runtime} run in `{other}`, which has none of the project's packages",
                f"make an environment for it: `uv venv --python {wanted} .venv-{wanted}`"
                f" and `uv pip install --python .venv-{wanted} -r requirements.txt`",
            )
        return other

    def _find_project_python(self) -> str:
        for candidate in self._candidates():
            if candidate is not None and os.access(candidate, os.X_OK):
                return candidate
        return sys.executable

    def _candidates(self) -> list[str | None]:
        root = self._project.root
        configured = self._project.settings.python
        if configured is not None:
            found = str(root / configured) if os.sep in configured else self._which(configured)
            if found is None or not os.access(found, os.X_OK):
                raise InterpreterNotFound(
                    f"`{configured}` is no Python interpreter",
                    where=Location("pyproject.toml", None, f'python = "{configured}"'),
                    why=f"`{found or configured}` is not a program that can be run",
                    fix="correct `python` in [tool.sundog], or remove it to use the project's virtual environment",
                )
            return [found]
        active = self._environ.get("VIRTUAL_ENV")
        environments = [
            None if active is None else _python_of(Path(active)),
            _python_of(root / ".venv"),
            _python_of(root / "venv"),
        ]
        if any(candidate is not None and os.access(candidate, os.X_OK) for candidate in environments):
            return environments
        return [*environments, self._poetry(), self._pipenv()]

    def _poetry(self) -> str | None:
        root = self._project.root
        settings = root / "pyproject.toml"
        uses_poetry = (root / "poetry.lock").exists() or (
            settings.exists() and "[tool.poetry]" in settings.read_text("utf-8", "replace")
        )
        if not uses_poetry or self._which("poetry") is None:
            return None
        output = self._run(["poetry", "env", "info", "-p"])
        return _python_of(Path(output.strip())) if output else None

    def _pipenv(self) -> str | None:
        if not (self._project.root / "Pipfile").exists() or self._which("pipenv") is None:
            return None
        output = self._run(["pipenv", "--venv"])
        return _python_of(Path(output.strip())) if output else None

    def _installed(self, version: str) -> str | None:
        name = f"python{version}"
        pyenv = Path(self._environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))) / "versions"
        candidates = [
            _python_of(self._project.root / f".venv-{version}"),
            self._which(name),
            *(str(found) for found in sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)),
        ]
        for candidate in candidates:
            # A pyenv shim is found on PATH although the version behind it is not installed.
            if candidate is not None and os.access(candidate, os.X_OK) and self.version(candidate) == version:
                return candidate
        uv = self._which("uv")
        output = None if uv is None else self._run([uv, "python", "find", "--no-project", version])
        return output.strip() if output and self.version(output.strip()) == version else None

    def _which(self, program: str) -> str | None:
        return shutil.which(program, path=self._environ.get("PATH"))

    def _has_dependencies(self, interpreter: str) -> bool:
        return Path(interpreter).is_relative_to(self._project.root)


def _python_of(environment: Path) -> str:
    return str(environment / "bin" / "python")


def run_program(argv: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> str | None:
    """Run a program that answers quickly; None when it is missing, fails or takes too long."""
    try:
        done = subprocess.run(
            argv, cwd=cwd, env=dict(environ), capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
