import os

import pytest

from sundog.deploy.synth.affected import first_affecting
from sundog.deploy.synth.record import Report, file_stamp, listing_digest, make_record

EMPTY = {
    "files": {},
    "bundle_files": {},
    "written": [],
    "looked_at": [],
    "missing": [],
    "directories": [],
    "bundle_directories": [],
    "searched": {},
    "environment": [],
    "external": [],
    "python_modules": [],
    "node_modules": [],
    "type_hints": [],
    "installation": [],
}


def record_of(variables=None, **seen):
    return make_record(Report(**{**EMPTY, **seen}), variables or {})


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("content")
    return path


def read(path):
    return {str(path): file_stamp(path)}


def test_nothing_differs_when_nothing_was_touched(file):
    record = record_of(files=read(file))

    assert record.difference({}, bundles=True) is None


def test_a_changed_file_differs_and_affects(file):
    record = record_of(files=read(file))
    file.write_text("other")

    assert str(file) == record.difference({}, bundles=False)
    assert first_affecting(record, [file])


def test_a_touched_file_with_the_same_content_does_not_differ(file):
    record = record_of(files=read(file))
    os.utime(file, ns=(1, 1))

    assert record.difference({}, bundles=False) is None
    assert not first_affecting(record, [file])


def test_a_file_replaced_by_one_with_the_same_times_and_size_differs(file, tmp_path):
    record = record_of(files=read(file))
    before = file.stat()
    other = tmp_path / "other"
    other.write_text("CONTENT")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file)

    assert str(file) == record.difference({}, bundles=False)


def test_a_file_that_changed_while_it_was_read_never_matches(file):
    before = file_stamp(file)
    file.write_text("edited during the synth")
    record = record_of(files={str(file): before})

    assert str(file) == record.difference({}, bundles=False)
    assert first_affecting(record, [file])


def test_a_deleted_file_affects(file):
    record = record_of(files=read(file))
    file.unlink()

    assert first_affecting(record, [file])


def test_a_file_that_was_missing_affects_when_it_or_its_folder_appears(tmp_path):
    missing = tmp_path / "config/app.json"
    record = record_of(looked_at=[str(missing)])

    assert record.missing == [str(missing)]
    missing.parent.mkdir()
    assert not first_affecting(record, [missing.parent])
    missing.write_text("{}")
    assert first_affecting(record, [missing.parent])
    assert first_affecting(record, [missing])
    assert str(missing) == record.difference({}, bundles=False)


def test_a_file_that_the_app_wrote_itself_is_no_input(tmp_path):
    written = tmp_path / "generated.json"
    written.write_text("{}")
    record = record_of(written=[str(written)], looked_at=[str(written)])

    written.write_text("{ }")

    assert record.difference({}, bundles=False) is None


def test_a_listed_folder_affects_by_its_names_only(file, tmp_path):
    record = record_of(directories=[str(tmp_path)])

    file.write_text("other")
    assert not first_affecting(record, [file])
    (tmp_path / "__pycache__").mkdir()
    assert not first_affecting(record, [tmp_path / "__pycache__"])
    added = tmp_path / "more.txt"
    added.write_text("")
    assert first_affecting(record, [added])


@pytest.mark.parametrize(
    "shadow", ["settings.py", "settings/__init__.py", "settings.cpython-311-x86_64-linux-gnu.so"]
)
def test_a_file_that_would_be_imported_instead_affects(tmp_path, shadow):
    record = record_of(searched={str(tmp_path): ["settings"]})
    path = tmp_path / shadow
    path.parent.mkdir(exist_ok=True)
    path.write_text("")

    assert first_affecting(record, [path])


def test_a_file_with_another_name_beside_the_modules_does_not_affect(tmp_path):
    record = record_of(searched={str(tmp_path): ["settings"]})
    path = tmp_path / "unrelated.py"
    path.write_text("")

    assert not first_affecting(record, [path])


def test_a_file_read_through_a_link_is_known_by_its_real_name(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (real / "data.txt").write_text("content")
    (tmp_path / "link").symlink_to(real)
    linked = tmp_path / "link/data.txt"
    record = record_of(files=read(linked))
    (real / "data.txt").write_text("other")

    assert first_affecting(record, [real / "data.txt"])


def test_variables_are_compared_by_value_and_by_being_set():
    record = record_of({"STAGE": "prod"}, environment=["STAGE", "UNSET"])

    assert record.difference({"STAGE": "prod", "UNRELATED": "x"}, bundles=False) is None
    assert record.difference({"STAGE": "dev"}, bundles=False) == "STAGE"
    assert record.difference({"STAGE": "prod", "UNSET": ""}, bundles=False) == "UNSET"


def test_reading_all_variables_compares_all_but_those_of_every_shell():
    record = record_of({"A": "1", "SHLVL": "1"}, environment=["*"])

    assert record.difference({"A": "1", "SHLVL": "2"}, bundles=False) is None
    assert record.difference({"A": "1", "B": "2"}, bundles=False) == "*"


def test_the_code_of_functions_counts_only_for_bundles(file):
    record = record_of(bundle_files=read(file))
    file.write_text("other")

    assert record.difference({}, bundles=False) is None
    assert str(file) == record.difference({}, bundles=True)


def test_what_cannot_be_compared_always_differs():
    record = record_of(external=["process git"])

    assert record.difference({}, bundles=False) == "process git"


def test_a_listing_tells_a_file_from_a_folder(tmp_path):
    (tmp_path / "name").write_text("")
    before = listing_digest(tmp_path)
    (tmp_path / "name").unlink()
    (tmp_path / "name").mkdir()

    assert before != listing_digest(tmp_path)
