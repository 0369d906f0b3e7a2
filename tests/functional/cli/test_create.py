from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib

import pytest

from sundog.cli.scaffold import templates
from sundog.model.project import find_project


def test_the_made_app_is_a_project_and_its_own_tests_pass(sundog, tmp_path, environ):
    done = sundog("create", "shop")
    folder = tmp_path / "shop"
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"],
        cwd=folder,
        # The user's cache: it has the environment of the embedded cloud.
        env={name: value for name, value in environ.items() if name not in {"SUNDOG_CACHE_DIR", "HOME"}}
        | {"HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert find_project(folder).settings.name == "shop"
    assert tests.returncode == 0, tests.stdout


def test_every_file_is_complete(sundog, tmp_path):
    sundog("create", "shop")
    files = {
        file.relative_to(tmp_path / "shop").as_posix(): file.read_text()
        for file in (tmp_path / "shop").rglob("*")
        if file.is_file()
    }

    assert {
        ".gitignore",
        "app.py",
        "cdk.json",
        "functions/items.py",
        "events/create.json",
        ".vscode/launch.json",
    } <= files.keys()
    assert [name for name, text in files.items() if "{{" in text] == []
    assert tomllib.loads(files["pyproject.toml"])["tool"]["sundog"]["name"] == "shop"
    for name, text in files.items():
        if name.endswith(".json"):
            json.loads(text)
        if name.endswith(".py"):
            compile(text, name, "exec")


def test_without_a_name_the_current_folder_becomes_the_app(sundog, tmp_path):
    folder = tmp_path / "my-shop"
    (folder / ".git").mkdir(parents=True)
    done = sundog("create", cwd=folder)

    assert done.returncode == 0, done.stderr
    assert find_project(folder).settings.name == "my-shop"


def test_force_leaves_existing_files_as_they_are(sundog, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "app.py").write_text("mine")
    (folder / "README.md").symlink_to("nowhere")
    done = sundog("create", "shop", "--force", "--json")
    created = json.loads(done.stdout)

    assert (folder / "app.py").read_text() == "mine"
    assert sorted(created["kept"]) == ["README.md", "app.py"]
    assert (folder / "functions/items.py").exists()


@pytest.mark.parametrize("name", ["with space/shop", "größe/shop"])
def test_paths_with_spaces_and_other_letters(sundog, tmp_path, name):
    assert sundog("create", name).returncode == 0
    assert (tmp_path / name / "app.py").exists()


def test_every_template_can_be_made(sundog, tmp_path):
    for template in templates():
        done = sundog("create", f"app-{template}", "--template", template)

        assert done.returncode == 0, done.stderr
