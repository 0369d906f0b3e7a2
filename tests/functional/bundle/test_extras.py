"""Commands around a build, and files that are copied into the package: for Python and for Node."""

from __future__ import annotations

import pytest

from sundog.bundle.extras import CopiedFileMissing, HookFailed
from sundog.bundle.options import UnknownBuildOption

pytestmark = pytest.mark.xdist_group("npm")


@pytest.fixture(params=["python", "node"])
def packaged(request):
    """Builds the function of a language with extras, and returns the folder of the package."""
    project = request.getfixturevalue("bundled" if request.param == "python" else "bundled_node")

    def build(**extras):
        if request.param == "python":
            return project.build(build=extras)
        project.write("functions/badge.ts", "export const handler = async () => 1;\n")
        project.node("functions/badge.ts", build=extras)
        return project.output

    build.write, build.root = project.write, project.root
    return build


def test_files_and_folders_are_copied_into_the_package(packaged):
    packaged.write("data/words.txt", "one two")
    packaged.write("shared/names/a.txt", "a")
    output = packaged(
        copy_files=[{"from": "data/words.txt"}, {"from": "shared/names", "to": "functions/names"}]
    )

    assert (output / "data/words.txt").read_text() == "one two"
    assert (output / "functions/names/a.txt").read_text() == "a"


def test_commands_run_in_the_project_before_and_after_the_build(packaged):
    output = packaged(
        copy_files=[{"from": "made/version.txt", "to": "version.txt"}],
        hooks={
            "before": ["mkdir -p made", 'echo "built for $SUNDOG_FUNCTION" > made/version.txt'],
            "after": ['cat "$SUNDOG_OUTPUT/version.txt" > "$SUNDOG_OUTPUT/after.txt"'],
        },
    )

    told = (output / "version.txt").read_text()
    assert told.startswith("built for ")
    assert (output / "after.txt").read_text() == told


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_command_that_fails_is_shown_with_what_it_said_and_where_it_was_declared(packaged, when):
    with pytest.raises(HookFailed) as failed:
        packaged(hooks={when: ["echo no such schema; exit 7", "touch never"]})

    error = failed.value
    assert f"a command that runs {when} the build of" in error.what
    assert "`echo no such schema; exit 7`" in error.what
    assert error.why == "it ended with status 7"
    assert list(error.details) == ["no such schema"]
    assert str(error.where) == "app.py:1"
    assert not (packaged.root / "never").exists()


def test_a_file_that_is_not_there_is_named(packaged):
    with pytest.raises(CopiedFileMissing) as missing:
        packaged(copy_files=[{"from": "data/wrods.txt"}])

    assert missing.value.what.startswith("`data/wrods.txt` of `copy_files` of ")
    assert str(missing.value.where) == "app.py:1"


@pytest.mark.parametrize(
    ("extras", "said"),
    [
        ({"copyfiles": []}, "`copyfiles` is not an option of `build`"),
        ({"copy_files": [{"form": "a"}]}, "the option `copy_files[0]` of `build` is wrong"),
        ({"copy_files": [{"from": "a", "to": "../a"}]}, "`../a` of `copy_files` is not in the package"),
        ({"hooks": {"before": "make"}}, "the option `hooks.before` of `build` is wrong"),
    ],
)
def test_what_is_written_wrong_is_said(packaged, extras, said):
    with pytest.raises(UnknownBuildOption) as wrong:
        packaged(**extras)

    assert wrong.value.what == said
    assert str(wrong.value.where) == "app.py:1"
