"""Whatever is edited, the warm process makes the templates that a fresh `python app.py` makes."""

import pytest

from sundog.deploy.synth.errors import NotASundogApp


def edit_app(bench):
    app = bench.root / "app.py"
    app.write_text(app.read_text().replace('"one"', '"uno"'))
    return [app]


def edit_module(bench):
    return [bench.write("settings.py", 'NAMES = ["Fourth", "Fifth"]\n')]


def edit_file(bench):
    return [bench.write("names.txt", "Other")]


def add_to_folder(bench):
    return [bench.write("queues/b.json", '{"QueueName": "AddedToFolder"}')]


def delete_from_folder(bench):
    (bench.root / "queues/a.json").unlink()
    return [bench.root / "queues/a.json"]


def shadow_module_by_package(bench):
    return [bench.write("settings/__init__.py", 'NAMES = ["Package"]\n')]


def add_module_that_was_missing(bench):
    return [bench.write("local_settings.py", 'VALUE = "here"\n')]


def add_file_that_was_missing(bench):
    return [bench.write("feature.flag", "")]


def shadow_standard_module(bench):
    # One that the CDK does not need: it would be given the app's as well.
    return [bench.write("colorsys.py", 'def rgb_to_hsv(*color): return "own"\n')]


EDITS = [
    edit_app,
    edit_module,
    edit_file,
    add_to_folder,
    delete_from_folder,
    shadow_module_by_package,
    add_module_that_was_missing,
    add_file_that_was_missing,
    shadow_standard_module,
]


def templates_of_plain(bench):
    """A plain app has no manifest, so the service refuses its assembly; the worker's result is taken before that."""
    taken = {}
    discard = "sundog.deploy.synth.assembly.AssemblyFolder.discard"

    def keep(folder):
        taken.update({path.name: path.read_bytes() for path in folder.next.rglob("*.template.json")})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discard, keep)
        with pytest.raises(NotASundogApp):
            bench.synth()
    return taken


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_an_edit_is_noticed_and_makes_the_templates_of_a_cold_synth(plain, edit):
    before = templates_of_plain(plain)
    paths = edit(plain)

    affected = plain.service.affected_by(paths)
    after = templates_of_plain(plain)

    assert affected
    assert before != after
    assert plain.cold() == after


def test_a_new_file_with_the_name_of_a_module_that_was_loaded_ahead_is_noticed(plain):
    templates_of_plain(plain)

    assert plain.service.affected_by([plain.write("tempfile.py", "")])


def test_an_edit_of_something_that_was_not_read_is_not_noticed(plain):
    templates_of_plain(plain)
    paths = [
        plain.write("functions/notes.py", "x = 1\n"),
        plain.write("other.txt", ""),
        plain.write(".sundog/x", ""),
    ]

    assert not plain.service.affected_by(paths)


def test_a_save_without_a_change_is_not_noticed(plain):
    templates_of_plain(plain)
    path = plain.write("settings.py", 'NAMES = ["First"]\n')

    assert not plain.service.affected_by([path])


def test_a_variable_that_the_app_reads_reaches_it(plain):
    before = templates_of_plain(plain)
    plain.environ["EXTRA_NAME"] = "FromEnvironment"

    after = templates_of_plain(plain)

    assert before != after
    assert plain.cold() == after


def test_a_variable_that_the_cdk_reads_in_node_reaches_it(bench):
    bench.write(
        "app.py",
        "import aws_cdk as cdk\n"
        "app = cdk.App()\n"
        'stack = cdk.Stack(app, "one")\n'
        'cdk.CfnOutput(stack, "Given", value=str(app.node.try_get_context("given")))\n'
        "app.synth()\n",
    )
    bench.environ["CDK_CONTEXT_JSON"] = '{"given": "by the environment"}'

    made = templates_of_plain(bench)

    assert b"by the environment" in made["one.template.json"]
    assert bench.cold() == made


def test_an_app_that_changes_its_folder_and_environment_first_gets_what_a_cold_one_gets(bench):
    bench.write("inner/data.txt", "content")
    bench.write(
        "app.py",
        "import os\n"
        'os.chdir("inner")\n'
        'os.environ["CDK_CONTEXT_JSON"] = \'{"given": "by the app"}\'\n'
        "import aws_cdk as cdk\n"
        "from aws_cdk import aws_s3_assets as assets\n"
        "app = cdk.App()\n"
        'stack = cdk.Stack(app, "one")\n'
        'assets.Asset(stack, "asset", path="data.txt")\n'
        'cdk.CfnOutput(stack, "Given", value=str(app.node.try_get_context("given")))\n'
        "app.synth()\n",
    )

    made = templates_of_plain(bench)

    assert b"by the app" in made["one.template.json"]
    assert bench.cold() == made


def test_a_file_that_only_node_reads_is_noticed(bench):
    data = bench.write("data.txt", "content")
    bench.write(
        "app.py",
        "import aws_cdk as cdk\n"
        "from aws_cdk import aws_s3_assets as assets\n"
        "app = cdk.App()\n"
        'assets.Asset(cdk.Stack(app, "one"), "asset", path="data.txt")\n'
        "app.synth()\n",
    )
    templates_of_plain(bench)
    data.write_text("other content")

    assert bench.service.affected_by([data])


def test_an_asset_folder_that_was_edited_is_hashed_and_staged_again(bench):
    """The CDK remembers assets by path: a second synth in the same Node process would keep the old hash and stage nothing."""
    data = bench.write("folder/data.txt", "content")
    bench.write(
        "app.py",
        "from aws_cdk import aws_s3_assets as assets\n"
        "from sundog import App\n"
        "app = App()\n"
        "@app.stack\n"
        "def storage(stack):\n"
        "    assets.Asset(stack, 'asset', path='folder')\n"
        "app.synth()\n",
    )
    first = staged(bench)
    data.write_text("other content")
    second = staged(bench)

    assert len(first) == len(second) == 1
    assert first != second


def staged(bench):
    return sorted(path.name for path in bench.synth().assembly.glob("asset.*") if path.is_dir())
