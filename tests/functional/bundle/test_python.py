import hashlib
import shutil
import subprocess

import pytest
import uv

from sundog.bundle.size import PackageTooLarge, check_size
from sundog.bundle.uv_tool import IndexUnreachable
from sundog.errors import BundleError, SeveralErrors
from sundog.model.manifest import FunctionEntry


def failure(bundled, **fields):
    with pytest.raises(BundleError) as raised:
        bundled.build(**fields)
    return raised.value


def digest(folder):
    content = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            content.update(f"{file.relative_to(folder)} {file.stat().st_mode}".encode() + file.read_bytes())
    return content.hexdigest()


def test_sources_are_packaged_without_what_only_the_project_needs(bundled):
    bundled.write("functions/__pycache__/notes.pyc", "")
    bundled.write("tests/test_notes.py", "")
    bundled.write(".venv/pyvenv.cfg", "")
    bundled.write("functions/page.html", "<p>")
    bundled.write("functions/badge.ts", "")
    bundled.build()

    assert bundled.files() == {"functions/notes.py", "functions/page.html", "pyproject.toml"}
    assert (bundled.output / "sundog_runtime" / "__init__.py").is_file()
    assert bundled.progress == []


def test_dependencies_are_installed_with_theirs_but_without_what_lambda_has(bundled):
    bundled.depends("cloudy", "boto3>=1.40", "sundog", "sundog-runtime")
    bundled.build()
    top = {file.split("/")[0] for file in bundled.files()}

    assert top == {
        "functions",
        "pyproject.toml",
        "cloudy",
        "cloudy-1.0.dist-info",
        "inner",
        "inner-1.0.dist-info",
    }


def test_a_pinned_boto3_is_packaged(bundled):
    bundled.depends("boto3==1.40.0")
    bundled.build()

    assert {"boto3/__init__.py", "botocore/__init__.py"} <= bundled.files()


def test_metadata_stays_and_what_differs_between_machines_goes(bundled):
    bundled.depends("inner")
    bundled.build()
    kept = {file for file in bundled.files() if file.startswith("inner-1.0")}

    assert kept == {f"inner-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "entry_points.txt")}
    assert not (bundled.output / "bin").exists()


def test_two_builds_are_equal_to_the_byte_and_the_second_installs_nothing(bundled):
    bundled.depends("plain")
    first = digest(bundled.build())
    shutil.rmtree(bundled.output)
    second = digest(bundled.build())

    assert first == second
    assert bundled.progress == ["Installing Python packages for python3.12 on x86_64"]


def test_requirements_txt_counts_before_pyproject(bundled):
    bundled.depends("plain")
    bundled.write("requirements.txt", "# comment\n\ninner  # why\n")
    bundled.build()

    assert "inner/__init__.py" in bundled.files()
    assert "plain/__init__.py" not in bundled.files()


def test_a_lock_file_decides(bundled):
    bundled.depends("plain", "boto3", "sundog")
    subprocess.run([uv.find_uv_bin(), "lock", "-q"], cwd=bundled.root, env=bundled.environ, check=True)
    bundled.build()
    packages = {file.split("/")[0] for file in bundled.files() if file.endswith("__init__.py")}

    assert packages == {"plain", "inner"}


def test_a_function_with_a_folder_of_its_own_has_dependencies_of_its_own(bundled):
    bundled.depends("plain")
    bundled.write("services/mail/requirements.txt", "inner\n")
    bundled.write("services/mail/send.py", "import inner\n")
    bundled.build(source="services/mail", file="services/mail/send.py")

    assert {"send.py", "inner/__init__.py"} <= bundled.files()
    assert "plain/__init__.py" not in bundled.files()


BACKEND = """
import zipfile

def get_requires_for_build_wheel(config_settings=None):
    return []

def build_wheel(directory, config_settings=None, metadata_directory=None):
    info = "shared-1.dist-info"
    with zipfile.ZipFile(f"{directory}/shared-1-py3-none-any.whl", "w") as out:
        out.writestr("shared/__init__.py", "")
        out.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: shared\\nVersion: 1\\nRequires-Dist: inner\\n")
        out.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        out.writestr(f"{info}/RECORD", "")
    return "shared-1-py3-none-any.whl"
"""


def test_a_package_of_the_project_is_built(bundled):
    bundled.write("libs/shared/backend.py", BACKEND)
    bundled.write(
        "libs/shared/pyproject.toml",
        "[project]\nname = 'shared'\nversion = '1'\ndependencies = ['inner']\n"
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
    )
    bundled.write("requirements.txt", "-e ./libs/shared\n")
    bundled.build()

    assert {"shared/__init__.py", "inner/__init__.py"} <= bundled.files()


@pytest.mark.parametrize(("architecture", "machine"), [("x86_64", "x86_64"), ("arm64", "aarch64")])
def test_compiled_packages_are_those_of_the_functions_architecture(bundled, architecture, machine):
    bundled.depends("native")
    bundled.build(architecture=architecture)
    text = (bundled.output / "native-1.0.dist-info" / "WHEEL").read_text()

    assert f"manylinux_2_34_{machine}" in text


def test_a_package_without_a_wheel_for_the_platform_is_named(bundled):
    bundled.depends("intel")
    error = failure(bundled, architecture="arm64")

    assert error.code == "SD-BUNDLE-012"
    assert error.what == "`intel` has no wheel for python3.12 on arm64"


def test_a_package_that_does_not_exist_is_named(bundled):
    bundled.depends("no-such-package")
    error = failure(bundled)

    assert error.code == "SD-BUNDLE-010"
    assert error.what == "the package `no-such-package` does not exist"


def test_versions_that_do_not_fit_together_are_explained(bundled):
    bundled.depends("newer")
    error = failure(bundled)

    assert error.code == "SD-BUNDLE-011"
    assert "inner>=2" in error.why


def test_an_index_that_does_not_answer_is_said_to_be(bundled):
    del bundled.environ["UV_CONFIG_FILE"]
    bundled.environ |= {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    bundled.depends("inner")
    error = failure(bundled)

    assert type(error) is IndexUnreachable


def test_a_failed_build_leaves_the_last_one(bundled):
    bundled.build()
    before = digest(bundled.output)
    bundled.depends("no-such-package")
    failure(bundled)

    assert digest(bundled.output) == before
    assert [path.name for path in bundled.output.parent.iterdir() if path.name.startswith(".output")] == []


def test_poetrys_own_table_is_refused_with_the_command_that_helps(bundled):
    bundled.write("poetry.lock", "")
    error = failure(bundled)

    assert error.code == "SD-BUNDLE-016"
    assert error.fixes == ("run `poetry export -f requirements.txt -o requirements.txt`",)


def test_an_import_that_nothing_provides_is_found_before_the_deploy(bundled):
    bundled.write("functions/notes.py", "import boto3, json\nfrom functions.store import save\n")
    bundled.write(
        "functions/store.py",
        "import inner\nimport stripe.error\ntry:\n    import orjson\nexcept ImportError: ...\n",
    )
    bundled.depends("inner")
    error = failure(bundled)

    assert error.code == "SD-BUNDLE-018"
    assert error.what == "the handler imports `stripe`, which the package would not have"
    assert str(error.where) == "functions/store.py:2  import stripe.error"
    assert error.fixes[0].startswith("`uv add stripe`")


def test_relative_imports_are_followed(bundled):
    bundled.write("functions/notes.py", "from . import store\nfrom .deep.er import thing\n")
    bundled.write("functions/store.py", "")
    bundled.write("functions/deep/er.py", "from ..store import save\nimport gone_away\n")
    error = failure(bundled)

    assert str(error.where) == "functions/deep/er.py:2  import gone_away"


def test_all_missing_imports_are_told_at_once(bundled):
    bundled.write("functions/notes.py", "import one_missing\nimport two_missing\n")
    with pytest.raises(SeveralErrors) as raised:
        bundled.build()

    assert len(raised.value.errors) == 2


def test_too_large_a_package_lists_its_largest_parts(tmp_path):
    for name, size in (("small", 10), ("large", 3 * 1024 * 1024)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data").write_bytes(b" " * size)
    entry = FunctionEntry(
        id="a", name="notes", stack="s", logical_id="l", handler="h", runtime="python3.12", language="python",
        source=".", file="f.py", function="f", timeout_seconds=1, memory_mb=128,
    )  # fmt: skip
    with pytest.raises(PackageTooLarge) as raised:
        check_size(entry, tmp_path, limit=1024 * 1024)

    assert raised.value.what == "the package of `notes` has 3.0 MB, 1.0 MB is the most"
    assert raised.value.details == ("   3.0 MB  large", "   0.0 MB  small")


def test_a_language_without_a_builder_is_refused(bundled):
    error = failure(bundled, language="cobol")

    assert error.what == "`notes` is written in `cobol`, which sundog does not package"
