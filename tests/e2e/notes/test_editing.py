"""Edits are live: the next request runs them, errors name their place, and what was broken recovers."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.xdist_group("notes"), pytest.mark.timeout(300)]

NOTES = "functions/notes.py"
TITLE_MISSING = 'raise Problem(400, "`title` is missing")'


@pytest.fixture
def dev(shared_dev, files_below):
    """The shared session; the files are put back, and the session has seen it, when the test is over."""
    originals = {
        path: path.read_bytes() for path in files_below(shared_dev.root) if path.suffix in {".py", ".ts"}
    }
    originals = {path: content for path, content in originals.items() if ".sundog" not in path.parts}
    yield shared_dev
    for path, content in originals.items():
        if path.read_bytes() != content:
            mark = shared_dev.mark()
            path.write_bytes(content)
            if path.name == "app.py":
                shared_dev.wait_for("SynthFinished", since=mark, seconds=60)
            else:
                shared_dev.wait_for("EnvironmentReady", since=mark, where=edited)
    assert shared_dev.request("POST", "/notes", {})[1] == {"error": "`title` is missing"}


def edited(event):
    return event["reason"] == "edit"


def test_the_next_request_runs_an_edited_handler(dev):
    assert dev.request("POST", "/notes", {}) == (400, {"error": "`title` is missing"})
    mark = dev.mark()

    dev.edit(NOTES, "`title` is missing", "give the note a title")
    dev.wait_for(
        "EnvironmentReady", since=mark, where=lambda event: edited(event) and "create" in event["function"]
    )

    assert dev.request("POST", "/notes", {}) == (400, {"error": "give the note a title"})


def test_an_edit_of_an_imported_module_is_run_too(dev):
    dev.request("POST", "/notes", {})
    mark = dev.mark()

    dev.edit(
        "functions/responses.py", 'answer(problem.status, {"error":', 'answer(problem.status, {"problem":'
    )
    dev.wait_for(
        "EnvironmentReady", since=mark, where=lambda event: edited(event) and "create" in event["function"]
    )

    assert dev.request("POST", "/notes", {}) == (400, {"problem": "`title` is missing"})

    mark = dev.mark()
    dev.edit("functions/responses.py", '{"problem":', '{"error":')
    dev.wait_for(
        "EnvironmentReady", since=mark, where=lambda event: edited(event) and "create" in event["function"]
    )


def test_an_edited_typescript_module_is_run(dev):
    dev.request("GET", "/badge")
    mark = dev.mark()

    dev.edit("functions/drawing/svg.ts", '"#0a7"', '"#a07"')
    dev.wait_for(
        "EnvironmentReady", since=mark, where=lambda event: edited(event) and "badge" in event["function"]
    )

    assert "#a07" in dev.request("GET", "/badge")[1]


def test_a_crash_is_answered_with_500_and_its_place_is_told(dev):
    line = (dev.root / NOTES).read_text("utf-8").splitlines().index(f"        {TITLE_MISSING}") + 1
    dev.request("POST", "/notes", {})
    mark = dev.mark()
    dev.edit(NOTES, TITLE_MISSING, "raise RuntimeError(fields['nothing'])")
    dev.wait_for(
        "EnvironmentReady", since=mark, where=lambda event: edited(event) and "create" in event["function"]
    )

    status, _ = dev.request("POST", "/notes", {})

    finished = dev.wait_for("InvocationFinished", since=mark, where=lambda event: event["outcome"] != "ok")
    assert status == 500
    assert finished["error"]["error_type"] == "KeyError"
    assert finished["error"]["place"] == {"file": NOTES, "line": line}


def test_a_syntax_error_is_told_with_its_place_and_never_hidden_by_old_code(dev):
    dev.request("POST", "/notes", {})
    mark = dev.mark()

    dev.edit(NOTES, "def create(event: Event) -> Response:", "def create(event: Event) -> Response")
    failed = dev.wait_for("InitFailed", since=mark, where=lambda event: "create" in event["function"])
    status, _ = dev.request("POST", "/notes", {})

    assert failed["error"]["error_type"] == "Runtime.UserCodeSyntaxError"
    assert failed["error"]["place"]["file"] == NOTES
    assert status == 500

    mark = dev.mark()
    dev.edit(NOTES, "def create(event: Event) -> Response", "def create(event: Event) -> Response:")
    dev.wait_for("EnvironmentReady", since=mark, where=lambda event: "create" in event["function"])

    assert dev.request("POST", "/notes", {})[0] == 400


def test_an_edit_of_the_app_is_deployed_while_the_session_serves(dev):
    def is_deployed(wanted):
        # The deploy of an earlier test's edit may end meanwhile.
        def matches(event):
            return "backend" in event["stack"] and event["outputs"].get("Edited") == wanted

        stack = dev.wait_for("StackFinished", since=mark, seconds=60, where=matches)
        assert dev.wait_for("DeployFinished", since=dev.events.index(stack))["ok"]

    mark = dev.mark()

    dev.edit("app.py", "stack.outputs(ApiUrl=api.url)", 'stack.outputs(ApiUrl=api.url, Edited="yes")')
    is_deployed("yes")
    assert dev.request("POST", "/notes", {})[0] == 400

    mark = dev.mark()
    dev.edit("app.py", ', Edited="yes")', ")")
    is_deployed(None)


def test_a_mistake_in_the_app_is_told_and_the_session_serves_on(dev):
    mark = dev.mark()

    dev.edit("app.py", "rate(1 day)", "every day")
    failed = dev.wait_for("SynthFailed", since=mark, seconds=60)

    assert failed["error"]["code"] == "SD-CRON-001"
    assert dev.request("POST", "/notes", {})[0] == 400

    mark = dev.mark()
    dev.edit("app.py", "every day", "rate(1 day)")
    dev.wait_for("SynthFinished", since=mark, seconds=60)


def test_an_app_that_does_not_end_is_stopped_by_the_edit_that_mends_it(dev):
    mark = dev.mark()
    dev.edit("app.py", "app = App()", "app = App()\nwhile True: pass")
    dev.wait_for("SynthStarted", since=mark, seconds=60)

    mended = dev.mark()
    dev.edit("app.py", "app = App()\nwhile True: pass", "app = App()")

    dev.wait_for("SynthFinished", since=mended, seconds=120)
    assert dev.request("POST", "/notes", {})[0] == 400
