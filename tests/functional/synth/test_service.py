"""The service with a real sundog app: cache, swap, errors, cancellation."""

import os
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from sundog.deploy.synth.errors import (
    AppExited,
    AppFileNotFound,
    AppNotSynthesized,
    AppRaised,
    AppSyntaxError,
    NodeNotStarted,
    NotASundogApp,
    SynthProcessDied,
    SynthSuperseded,
    SynthTimeout,
)
from sundog.errors import ConfigError
from sundog.model.events import SynthFailed, SynthFinished, SynthStarted

from .conftest import SUNDOG_APP


def assembly(bench) -> Path:
    return bench.root / ".sundog/local/assembly"


def test_a_start_with_nothing_edited_does_not_synthesize(sundog_app):
    first = sundog_app.synth()
    sundog_app.new_service()

    second = sundog_app.synth()

    assert second.origin == "cache"
    assert first.manifest == second.manifest
    assert second.changed_stacks == []


def test_the_changed_stacks_are_named_and_a_comment_changes_none(sundog_app):
    first = sundog_app.synth()
    app = sundog_app.root / "app.py"
    app.write_text(app.read_text() + "# a comment\n")
    second = sundog_app.synth()
    app.write_text(app.read_text().replace('"notes"', '"letters"'))
    third = sundog_app.synth()

    assert first.changed_stacks == ["local-demo-storage"]
    assert (second.origin, second.changed_stacks) == ("warm", [])
    assert (third.origin, third.changed_stacks) == ("warm", ["local-demo-storage"])
    assert {
        path.name: path.read_bytes() for path in assembly(sundog_app).glob("*.template.json")
    } == sundog_app.cold()


def test_an_edit_with_its_times_set_back_is_seen(sundog_app):
    sundog_app.synth()
    app = sundog_app.root / "app.py"
    before = app.stat()
    app.write_text(app.read_text().replace('"notes"', '"quote"'))
    os.utime(app, ns=(before.st_atime_ns, before.st_mtime_ns))

    result = sundog_app.synth()

    assert result.changed_stacks == ["local-demo-storage"]


def test_a_damaged_assembly_is_made_again(sundog_app):
    sundog_app.synth()
    next(assembly(sundog_app).glob("*.template.json")).unlink()

    result = sundog_app.synth()

    assert result.origin != "cache"
    assert list(assembly(sundog_app).glob("*.template.json"))


def test_an_assembly_that_a_crash_left_beside_is_put_back(sundog_app):
    sundog_app.synth()
    assembly(sundog_app).rename(assembly(sundog_app).with_name("assembly.previous"))

    result = sundog_app.synth()

    assert result.origin == "cache"


def test_a_failed_synth_keeps_the_last_good_assembly_and_is_told(sundog_app):
    sundog_app.synth()
    kept = {path.name: path.read_bytes() for path in assembly(sundog_app).iterdir() if path.is_file()}
    app = sundog_app.write("app.py", "def broken(:\n    pass\n")

    with pytest.raises(AppSyntaxError) as raised:
        sundog_app.synth()

    assert raised.value.where.file == "app.py"
    assert raised.value.where.line == 1
    assert kept == {path.name: path.read_bytes() for path in assembly(sundog_app).iterdir() if path.is_file()}
    assert [SynthStarted, SynthFinished, SynthStarted, SynthFailed] == [
        type(event) for event in sundog_app.events
    ]
    app.write_text("print('mended')")
    assert sundog_app.service.affected_by([app])


def test_what_the_app_prints_is_told(sundog_app):
    app = sundog_app.root / "app.py"
    app.write_text("import sys\nprint('on stdout')\nprint('on stderr', file=sys.stderr)\n" + app.read_text())
    sundog_app.synth()

    (finished,) = (event for event in sundog_app.events if isinstance(event, SynthFinished))

    assert finished.output == ["on stdout", "on stderr"]


def test_what_the_app_printed_stands_before_what_it_raised(sundog_app):
    sundog_app.write("app.py", "print('on the way')\nraise LookupError('no table')\n")

    with pytest.raises(AppRaised) as raised:
        sundog_app.synth()

    assert raised.value.details[0] == "on the way"
    assert raised.value.details[-1].strip() == "raise LookupError('no table')"


def test_an_error_in_an_imported_module_names_that_module(sundog_app):
    sundog_app.write("parts/tables.py", "x = 1\nraise LookupError('no table')\n")
    sundog_app.write("app.py", "import parts.tables\n")

    with pytest.raises(AppRaised) as raised:
        sundog_app.synth()

    assert raised.value.what == "the app raised `LookupError`: no table"
    assert (raised.value.where.file, raised.value.where.line) == ("parts/tables.py", 2)
    assert not any("synth_worker" in line or "runpy" in line for line in raised.value.details)


def test_an_error_of_a_construct_keeps_its_code_and_fields(sundog_app):
    app = sundog_app.root / "app.py"
    app.write_text(app.read_text().replace('"string"', '"text"'))

    with pytest.raises(ConfigError) as raised:
        sundog_app.synth()

    assert raised.value.code.startswith("SD-CONSTRUCT-") or raised.value.code.startswith("SD-TABLE-")
    assert "text" in raised.value.what


HINTED_APPS = {
    "misspells an option": (
        "from sundog import Api, App, Stack\nstack = Stack(App(), 's')\nApi(stack, 'api', rutes={})\n",
        "write `routes`",
    ),
    "misspells an option of the CDK": (
        "from aws_cdk import App, Stack, aws_sqs as sqs\nsqs.Queue(Stack(App(), 's'), 'q', queue_nam='x')\n",
        "write `queue_name`",
    ),
    "misspells an attribute": ("from sundog import App\nApp().stak\n", "write `stack`"),
    "misspells a name": ("from sundog import App\nstorage = 1\nprint(storag)\n", "write `storage`"),
    "misspells an import": ("from sundog import Tabel\n", "write `Table`"),
    "misspells a module": ("import jsonn\n", "write `json`"),
    "needs a variable": ("import os\nos.environ['TABLE_OF_APP']\n", "TABLE_OF_APP=… sundog dev"),
    "lacks a package": ("import qqzzvv.client\n", f"in `{sys.prefix}`"),
    "stops at a breakpoint": ("x = 1\nbreakpoint()\ny = 2\n", "run `python app.py`"),
}


@pytest.mark.parametrize(("text", "words"), HINTED_APPS.values(), ids=HINTED_APPS)
def test_what_mends_a_common_mistake_is_said(bench, text, words):
    bench.write("app.py", text)

    with pytest.raises(AppRaised) as raised:
        bench.synth()

    assert words in " ".join(raised.value.fixes)


@pytest.mark.parametrize("text", ["raise KeyError('TABLE')", "int(x=1)", "{}['TABLE']", "None.qqzz"])
def test_no_hint_is_made_up(bench, text):
    bench.write("app.py", text + "\n")

    with pytest.raises(AppRaised) as raised:
        bench.synth()

    assert raised.value.fixes == ()


WRONG_APPS = {
    "exits": ("import sys\nprint('before the end')\nsys.exit(3)\n", AppExited, "exit status 3"),
    "exits with a message": ("import sys\nsys.exit('no region')\n", AppExited, "exit status 1"),
    "never synthesizes": ("from sundog import App\nApp()\n", AppNotSynthesized, "made no cloud assembly"),
    "is no sundog app": ("import aws_cdk\naws_cdk.App().synth()\n", NotASundogApp, "is not a sundog app"),
    "asks for input": ("input('name? ')\n", AppRaised, "EOFError"),
    "raises in the CDK": (
        "import aws_cdk\na = aws_cdk.App()\naws_cdk.Stack(a, 'x')\naws_cdk.Stack(a, 'x')\n",
        AppRaised,
        "already a Construct with name 'x'",
    ),
}


@pytest.mark.parametrize(("text", "error", "words"), WRONG_APPS.values(), ids=WRONG_APPS)
def test_an_app_that_is_wrong_is_told_what_is(bench, text, error, words):
    bench.write("app.py", text)

    with pytest.raises(error) as raised:
        bench.synth()

    assert words in raised.value.what
    assert not any("sundog/constructs/synth_worker" in line for line in raised.value.details)


def test_a_missing_app_file_is_named(bench):
    with pytest.raises(AppFileNotFound) as raised:
        bench.synth()

    assert raised.value.what == "`app.py` does not exist"


def test_an_app_may_print_use_threads_and_change_its_surroundings(sundog_app):
    app = sundog_app.root / "app.py"
    app.write_text(
        "import os, threading\n"
        "thread = threading.Thread(target=lambda: print('from a thread'))\nthread.start(); thread.join()\n"
        "print('hello'); os.environ['ADDED'] = 'x'\n"
        + app.read_text().replace("app.synth()", "app.synth()\napp.synth()\nos.chdir('/')")
    )

    result = sundog_app.synth()

    assert result.output == ["from a thread", "hello"]


def test_node_that_is_not_there_is_named(sundog_app):
    sundog_app.environ["JSII_NODE"] = "/nowhere/node"

    with pytest.raises(NodeNotStarted) as raised:
        sundog_app.synth()

    assert raised.value.what == "`/nowhere/node` was not found"


def test_an_app_that_does_not_end_is_stopped(bench):
    bench.timeout_seconds = 20 if not bench.worker.loaded_modules else 5
    bench.write("app.py", "print('looping', flush=True)\nwhile True: pass\n")
    bench.new_service()

    with pytest.raises(SynthTimeout) as raised:
        bench.synth()

    assert raised.value.details == ("looping",)


def test_a_killed_process_is_started_again_once(bench):
    bench.write("app.py", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")

    with pytest.raises(SynthProcessDied) as raised:
        bench.synth()

    assert raised.value.why == "it was killed by SIGKILL"


def test_the_newest_request_wins_and_the_older_one_is_told(sundog_app):
    marker = sundog_app.root / "started"
    good = (sundog_app.root / "app.py").read_text()
    sundog_app.write("app.py", f"open({str(marker)!r}, 'w').close()\nwhile True: pass\n")
    outcome = []

    def first():
        try:
            sundog_app.synth()
        except SynthSuperseded as error:
            outcome.append(error)

    thread = threading.Thread(target=first)
    thread.start()

    deadline = time.monotonic() + 60
    while not marker.exists():
        assert time.monotonic() < deadline, f"the app did not start: {sundog_app.events}"
        threading.Event().wait(0.05)
    sundog_app.write("app.py", good)
    result = sundog_app.synth()
    thread.join(10)

    assert len(outcome) == 1
    assert result.changed_stacks == ["local-demo-storage"]


def test_the_cache_file_is_private_and_holds_no_values(sundog_app):
    sundog_app.environ["SECRET_OF_APP"] = "s3cret-value"
    app = sundog_app.root / "app.py"
    app.write_text("import os\nos.environ['SECRET_OF_APP']\n" + app.read_text())

    sundog_app.synth()

    file = sundog_app.root / ".sundog/local/synth.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "s3cret-value" not in file.read_text()
    assert "SECRET_OF_APP" in msgspec.json.decode(file.read_bytes())["record"]["environment"]


def test_an_app_that_runs_a_program_is_never_taken_from_the_cache(sundog_app):
    app = sundog_app.root / "app.py"
    app.write_text("import subprocess\nsubprocess.run(['true'])\n" + app.read_text())
    sundog_app.synth()

    second = sundog_app.synth()

    assert second.inputs.external == ["process true"]
    assert second.origin != "cache"


def test_the_code_of_functions_counts_only_for_a_deploy(bench):
    bench.write("functions/notes.py", "def handler(event, context): return 1\n")
    bench.write(
        "app.py",
        "from sundog import App, Function\napp = App()\n@app.stack\ndef backend(stack):\n"
        "    Function(stack, 'notes', handler='functions/notes.handler')\napp.synth()\n",
    )
    bench.synth()
    handler = bench.write("functions/notes.py", "def handler(event, context): return 2\n")

    assert not bench.service.affected_by([handler])
    assert bench.synth().origin == "cache"
    assert bench.service.inputs.difference(bench.environ, bundles=True) is not None
    handler.unlink()
    assert bench.service.affected_by([handler])


def test_a_cache_that_the_cdk_keeps_for_itself_is_no_input(bench):
    bench.write("page.html", "<h1>one</h1>")
    asset = '    from aws_cdk.aws_s3_assets import Asset\n    Asset(stack, "page", path="page.html")\n'
    bench.write("app.py", SUNDOG_APP.replace("    return", f"{asset}    return"))
    bench.synth()
    bench.write("page.html", "<h1>another one</h1>")
    assert bench.synth().origin == "warm"
    assert bench.synth().origin == "cache"


def test_an_edit_of_the_app_while_it_runs_calls_for_another_synth(bench):
    # The app has been read, and is edited before it ends.
    edit = 'import pathlib\nfile = pathlib.Path(__file__)\nfile.write_text(file.read_text().replace("jobs", "tasks"))\n'
    bench.write("edited.py", edit.replace("__file__", '"app.py"'))
    bench.write("app.py", "import runpy\nrunpy.run_path('edited.py')\n" + SUNDOG_APP.replace("notes", "jobs"))
    bench.synth()
    app = bench.root / "app.py"
    assert "tasks" in app.read_text()
    assert bench.service.affected_by([app]) == app
