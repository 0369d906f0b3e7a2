"""What `sundog dev` prints: events in, lines out. No clock, no terminal."""

from __future__ import annotations

import datetime as dt

import pytest

from sundog.cli.render.dev import DevLines
from sundog.cli.render.output import plain_text
from sundog.model import events
from sundog.model.events import FunctionError
from sundog.model.manifest import SourcePlace, Trigger

START = 1_795_476_000.0
ONE = "11111111-0000-4000-8000-000000000000"
TWO = "22222222-0000-4000-8000-000000000000"


class Screen:
    def __init__(self, **settings):
        settings.setdefault("name_of", lambda function: function.rpartition("/")[2])
        self.lines_of = DevLines(
            app="notes",
            version="0.1.0",
            clock=lambda at: dt.datetime.fromtimestamp(at, dt.UTC).strftime("%H:%M:%S"),
            **settings,
        )
        self.printed = []

    def feed(self, *happened):
        for event in happened:
            self.printed += self.lines_of.feed(event)
        return self

    def tick(self, seconds):
        self.printed += self.lines_of.tick(START + seconds)
        return self

    @property
    def text(self):
        return "\n".join(plain_text(line) for line in self.printed)


@pytest.fixture
def screen():
    return Screen()


def started(
    request_id=ONE, function="backend/list_notes", label="GET /notes", at=0.0, environment="e1", cold=False
):
    return events.InvocationStarted(
        at=START + at,
        request_id=request_id,
        function=function,
        environment=environment,
        cold=cold,
        trigger=Trigger(kind="http", label=label) if label else None,
        payload=b"{}",
        trace_id="",
        deadline=0.0,
    )


def logged(text, request_id=ONE, function="backend/list_notes", environment="e1", stream="stdout"):
    return events.LogWritten(
        at=START, function=function, environment=environment, request_id=request_id, stream=stream, text=text
    )


def finished(
    request_id=ONE, function="backend/list_notes", at=0.0, environment="e1", outcome="ok", took=12.3, **fields
):
    return events.InvocationFinished(
        at=START + at,
        request_id=request_id,
        function=function,
        environment=environment,
        outcome=outcome,
        duration_ms=took,
        **fields,
    )


KEY_ERROR = FunctionError(
    error_type="KeyError",
    message="'title'",
    frames=['  File "/app/functions/notes.py", line 41, in create\n    title = fields["title"]\n'],
    place=SourcePlace(file="functions/notes.py", line=41),
)


def test_one_line_for_an_invocation_with_its_log_below(screen, snapshot):
    screen.feed(
        started(),
        logged("hello"),
        logged("to stderr", stream="stderr"),
        finished(response=b'{"statusCode":200}'),
    )

    assert screen.text == snapshot


def test_a_cold_start_is_marked_with_its_time(screen, snapshot):
    screen.feed(started(cold=True), finished(init_ms=231.0))

    assert screen.text == snapshot


def test_an_invocation_without_trigger(screen, snapshot):
    assert screen.feed(started(label=None), finished()).text == snapshot


def test_an_error_shows_the_frames_of_the_user_and_how_to_replay(screen, snapshot):
    screen.feed(
        started(label="POST /notes", function="backend/create"),
        logged("before"),
        logged("[ERROR] KeyError: 'title'\nTraceback (most recent call last):\n  …", stream="stderr"),
        finished(function="backend/create", outcome="error", error=KEY_ERROR),
    )

    assert screen.text == snapshot


@pytest.mark.parametrize("outcome", ["timeout", "crash", "throttled", "init_error"])
def test_other_ends(screen, snapshot, outcome):
    assert screen.feed(started(), finished(outcome=outcome, took=3000)).text == snapshot


@pytest.mark.parametrize("status", [204, 404, 500])
def test_the_status_of_an_http_answer_is_shown(screen, snapshot, status):
    assert screen.feed(started(), finished(response=b'{"statusCode":%d}' % status)).text == snapshot


def test_concurrent_invocations_are_not_mixed(screen, snapshot):
    screen.feed(
        started(ONE),
        started(TWO, environment="e2"),
        logged("one a", ONE),
        logged("two a", TWO, environment="e2"),
        logged("one b", ONE),
        finished(TWO, environment="e2"),
        finished(ONE),
    )

    assert screen.text == snapshot


def test_a_long_one_is_shown_while_it_runs_each_line_with_its_id(screen, snapshot):
    screen.feed(started(ONE), logged("step 1"))
    screen.tick(0.5)
    assert screen.text == ""
    screen.tick(1.5).feed(logged("step 2\nin two lines"), finished(took=2500, at=2.5))

    assert screen.text == snapshot


def test_an_edit_is_one_line_when_all_its_functions_are_ready(screen, snapshot):
    ready = {"reason": "edit", "init_ms": 4.0, "at": START}
    screen.feed(
        events.FilesChanged(at=START, files=["functions/notes.py"], functions=["b/list_notes", "b/create"]),
        events.EnvironmentReady(function="b/list_notes", environment="e3", since_edit_ms=5.1, **ready),
    )
    assert screen.text == ""
    screen.feed(events.EnvironmentReady(function="b/create", environment="e4", since_edit_ms=6.4, **ready))

    assert screen.text == snapshot


def test_an_edit_that_takes_long_is_shown_without_waiting(screen, snapshot):
    screen.feed(events.FilesChanged(at=START, files=["a.py"], functions=["b/one"])).tick(3)

    assert screen.text == snapshot


def test_an_edit_of_many_files_is_shortened(screen, snapshot):
    files = [f"functions/f{number}.py" for number in range(50)]
    screen.feed(events.FilesChanged(at=START, files=files, functions=["b/one"])).tick(3)

    assert screen.text == snapshot


def test_functions_that_fail_to_start_alike_are_told_once(screen, snapshot):
    error = FunctionError(
        error_type="Runtime.UserCodeSyntaxError",
        message="Syntax error in module 'functions/notes': invalid syntax (notes.py, line 3)",
        place=SourcePlace(file="functions/notes.py", line=3),
    )
    for number, function in enumerate(["b/list_notes", "b/create"]):
        screen.feed(
            logged("[ERROR] Runtime.UserCodeSyntaxError: …", None, function, f"e{number}", "stderr"),
            events.InitFailed(at=START, function=function, environment=f"e{number}", error=error),
        )
    screen.tick(1)

    assert screen.text == snapshot


def test_why_a_function_cannot_start_is_told_again_only_after_an_edit(screen):
    failed = events.InitFailed(at=START, function="b/one", environment="e1", error=KEY_ERROR)
    screen.feed(failed).tick(1).feed(failed).tick(2)
    screen.feed(started(function="b/one"), finished(function="b/one", outcome="init_error", error=KEY_ERROR))
    assert screen.text.count("KeyError") == 1
    screen.feed(events.FilesChanged(at=START, files=["one.py"], functions=["b/one"]), failed).tick(9)

    assert screen.text.count("KeyError") == 2


def test_lines_of_initialisation_come_before_the_invocation(screen, snapshot):
    screen.feed(logged("loading a model", None), started(cold=True), finished())

    assert screen.text == snapshot


def test_ready_shows_outputs_and_time(screen, snapshot):
    screen.feed(
        events.SessionReady(
            at=START,
            stage="local",
            endpoint_url="http://127.0.0.1:4566",
            outputs={"backend": {"ApiUrl": "http://127.0.0.1:4566/api"}, "storage": {}},
            duration_ms=2134.0,
        )
    )

    assert screen.text == snapshot


def deploy_events():
    place = SourcePlace(file="app.py", line=12)
    progress = {
        "at": START,
        "deploy": "d",
        "stack": "local-notes-storage",
        "cloudformation_type": "AWS::DynamoDB::Table",
    }
    return [
        events.DeployStarted(
            at=START, deploy="d", stage="local", action="deploy", stacks=["local-notes-storage"]
        ),
        events.ResourceProgress(logical_id="Notes", status="CREATE_IN_PROGRESS", **progress),
        events.ResourceProgress(
            logical_id="Other", status="CREATE_COMPLETE", path="storage/other", **progress
        ),
        events.ResourceProgress(
            logical_id="Notes",
            status="CREATE_FAILED",
            reason="Table already exists",
            path="storage/notes",
            place=place,
            **progress,
        ),
        events.StackFinished(
            at=START, deploy="d", stack="local-notes-storage", status="failed", duration_ms=900.0
        ),
        events.StackFinished(
            at=START, deploy="d", stack="local-notes-other", status="unchanged", duration_ms=9.0
        ),
        events.DeployFinished(
            at=START,
            deploy="d",
            ok=False,
            duration_ms=950.0,
            error={
                "code": "SD-DEPLOY-001",
                "what": "the stack `x` failed",
                "where": "app.py:12",
                "fix": ["rename it"],
            },
        ),
    ]


def test_a_failed_deploy_names_the_line_that_declared_the_resource(screen, snapshot):
    assert screen.feed(*deploy_events()).text == snapshot


def test_a_deploy_to_aws_is_followed_resource_by_resource(snapshot):
    assert Screen(every_resource=True, show_unchanged=True).feed(*deploy_events()).text == snapshot


def test_synth(screen, snapshot):
    screen.feed(
        events.SynthStarted(at=START, reason="app.py"),
        events.SynthFinished(at=START, duration_ms=240.0, origin="warm", changed_stacks=["backend"]),
        events.SynthFinished(at=START, duration_ms=240.0, origin="cache", changed_stacks=[]),
        events.SynthFailed(
            at=START, duration_ms=1.0, error={"code": "SD-SYNTH-001", "what": "`app.py` raised", "fix": []}
        ),
    )

    assert screen.text == snapshot


def test_the_stack_of_an_error_names_files_as_in_the_project(snapshot):
    error = FunctionError(
        error_type="Runtime.ImportModuleError",
        message="Unable to import module 'functions/notes': No module named 'requets'",
        frames=[
            (
                '  File "/usr/lib/python3.12/importlib/__init__.py", line 90, in import_module\n'
                "    return _bootstrap._gcd_import(name[level:], package, level)\n"
            ),
            '  File "/home/me/notes/functions/notes.py", line 1, in <module>\n    import requets\n',
            "    at handler (file:///home/me/notes/functions/badge.ts:3:7)",
        ],
        place=SourcePlace(file="functions/notes.py", line=1),
    )

    assert Screen(root="/home/me/notes").feed(finished(outcome="error", error=error)).text == snapshot


def unchanged(at):
    return events.SynthFinished(at=START + at, duration_ms=240.0, origin="warm", changed_stacks=[])


def test_a_mended_app_is_confirmed_although_no_stack_changed(screen):
    error = {"code": "SD-SYNTH-001", "what": "`app.py` raised", "fix": []}
    screen.feed(events.SynthFailed(at=START, duration_ms=1.0, error=error), unchanged(1.0), unchanged(2.0))

    assert screen.text.count("✓ synthesized no stack changed") == 1


def test_a_synth_that_takes_long_is_shown_once_while_it_runs(screen):
    screen.feed(events.SynthStarted(at=START, reason="app.py"))
    early = screen.tick(1.0).text
    screen.tick(3.0).tick(4.0).feed(unchanged(5.0))

    assert early == ""
    assert screen.text.splitlines() == [
        "· synthesizing (app.py)",
        "✓ synthesized no stack changed  240 ms  warm",
    ]


def test_what_the_app_printed_is_below_its_synth(screen):
    screen.feed(
        events.SynthFinished(
            at=START, duration_ms=240.0, origin="warm", changed_stacks=[], output=["stage: local", "2 tables"]
        )
    )

    assert screen.text.splitlines()[1:] == ["  │ stage: local", "  │ 2 tables"]


def test_a_synth_that_is_over_is_not_shown_as_running(screen):
    screen.feed(events.SynthStarted(at=START, reason="app.py"), unchanged(0.3)).tick(5.0)

    assert screen.text == ""


def test_a_deploy_says_at_once_that_it_synthesizes():
    screen = Screen(every_resource=True, show_unchanged=True)

    assert screen.feed(events.SynthStarted(at=START, reason="start")).text == "· synthesizing"


def test_notices(screen, snapshot):
    screen.feed(
        events.Notice(at=START, level="info", text="a note"),
        events.Notice(at=START, level="warning", text="careful", fix="do this"),
    )

    assert screen.text == snapshot


def test_verbose_shows_more(snapshot):
    screen = Screen(verbosity=1).feed(
        events.SynthStarted(at=START, reason="start"),
        started(),
        logged("START RequestId: …", stream="platform"),
        finished(max_memory_mb=77),
        events.EnvironmentStopped(
            at=START, function="b/one", environment="e1", reason="crash", exit_status=-9
        ),
        events.FilesChanged(at=START, files=["README.md"], functions=[]),
    )

    assert screen.text == snapshot


def test_every_kind_of_event_is_shown_or_ignored_on_purpose(screen):
    import typing

    assert set(typing.get_args(events.Event)) == set(screen.lines_of._show)
