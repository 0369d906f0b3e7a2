import os
import zipfile

from sundog.deploy.assembly import FileAsset
from sundog.deploy.assets import is_placeholder, zip_folder


def test_a_zip_depends_on_names_content_and_the_executable_bit_alone(tmp_path):
    archives = []
    for number, names in enumerate((("a.py", "b/c.sh"), ("b/c.sh", "a.py"))):
        source = tmp_path / str(number)
        for name in names:
            file = source / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name)
            os.utime(file, (number * 1000, number * 1000))
        (source / "b/c.sh").chmod(0o750 if number else 0o777)
        archive = tmp_path / f"{number}.zip"
        zip_folder(source, archive)
        archives.append(archive)

    assert archives[0].read_bytes() == archives[1].read_bytes()
    with zipfile.ZipFile(archives[0]) as content:
        assert content.namelist() == ["a.py", "b/c.sh"]
        assert [info.external_attr >> 16 for info in content.infolist()] == [0o100644, 0o100755]


def test_only_what_synth_leaves_for_a_live_session_is_a_placeholder(tmp_path):
    def asset(name, *files):
        folder = tmp_path / name
        folder.mkdir()
        for file in files:
            (folder / file).touch()
        return FileAsset(
            asset_id="1",
            name=name,
            source=folder,
            zipped=True,
            bucket="b",
            key="k",
            role_arn=None,
            region="r",
        )

    assert is_placeholder(asset("dev", "README.txt"))
    assert not is_placeholder(asset("built", "README.txt", "handler.py"))
    assert not is_placeholder(asset("empty"))
