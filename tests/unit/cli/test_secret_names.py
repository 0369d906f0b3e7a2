"""A secret that the app does not know is set, and told: it may be misspelt, or about to be declared."""

import io
from pathlib import Path

import pytest

from sundog.cli.render.output import Output
from sundog.cli.render.secrets import show_changed
from sundog.model.manifest import Manifest, write_manifest
from sundog.model.project import find_project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.sundog]\nname = "shop"\n')
    return tmp_path


def told(root: Path) -> str:
    project = find_project(root)
    output = Output(stdout=io.StringIO(), stderr=io.StringIO(), environ={})
    place = (project, project.stage(None))
    show_changed(output, place, ["stripe_key"], "set", fallback=False, regions=["us-east-1"])
    assert isinstance(output.stderr, io.StringIO)
    return output.stderr.getvalue()


def test_an_app_without_secrets_declares_none_of_that_name(root: Path) -> None:
    assembly = root / ".sundog/local/assembly"
    assembly.mkdir(parents=True)
    write_manifest(assembly, Manifest(app="shop", stage="local"))

    assert "warning: the app declares no secret `stripe_key`" in told(root)


def test_what_an_app_declares_that_was_never_synthesized_is_not_known(root: Path) -> None:
    assert told(root).splitlines() == ["✓ stripe_key is set on the stage local"]
