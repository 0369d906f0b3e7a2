import json

import pytest

from sundog.deploy.outputs import OutputsNotWritten, forget_outputs, write_outputs
from sundog.model.manifest import Manifest, StackEntry


@pytest.fixture
def manifest():
    stacks = [StackEntry(id=name, name=name, artifact_id=name, template_file="t") for name in ("a", "b")]
    return Manifest(app="x", stage="local", stacks=stacks)


def test_stacks_that_were_not_deployed_this_time_keep_their_outputs(tmp_path, manifest):
    file = tmp_path / "local" / "outputs.json"
    write_outputs(file, {"a": {"Url": "1"}, "b": {"Url": "2"}}, manifest)
    write_outputs(file, {"b": {"Url": "3"}}, manifest)

    assert json.loads(file.read_text()) == {"a": {"Url": "1"}, "b": {"Url": "3"}}
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["outputs.json"]


def test_stacks_that_left_the_app_leave_the_file(tmp_path, manifest):
    file = tmp_path / "outputs.json"
    file.write_text('{"gone": {"Url": "0"}}')
    write_outputs(file, {"a": {}}, manifest)

    assert json.loads(file.read_text()) == {"a": {}}


def test_a_file_that_was_broken_by_hand_is_written_afresh(tmp_path, manifest):
    file = tmp_path / "outputs.json"
    file.write_text("{")
    write_outputs(file, {"a": {}}, manifest)

    assert json.loads(file.read_text()) == {"a": {}}


def test_the_file_goes_with_the_last_stack(tmp_path, manifest):
    file = tmp_path / "outputs.json"
    write_outputs(file, {"a": {}, "b": {}}, manifest)
    forget_outputs(file, ["a"])
    kept = json.loads(file.read_text())
    forget_outputs(file, ["b"])

    assert kept == {"b": {}}
    assert not file.exists()


def test_a_folder_that_cannot_be_made_is_an_error_with_the_file(tmp_path, manifest):
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputsNotWritten) as raised:
        write_outputs(tmp_path / "taken" / "outputs.json", {"a": {}}, manifest)

    assert raised.value.what == "`outputs.json` with the outputs of the stacks cannot be written"
