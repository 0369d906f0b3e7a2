"""What the app prints or raises while it is synthesized is kept without the app's own secrets."""

from pathlib import Path

import pytest

from sundog.model.events import Event, SynthFailed, SynthFinished
from sundog.session.recording import Recording
from sundog.store.writer import StoreWriter

SECRET = "sk-secret-of-the-app"


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (
            SynthFinished(
                at=0, duration_ms=1, origin="warm", changed_stacks=[], output=["begun", f"key {SECRET}"]
            ),
            "output",
        ),
        (
            SynthFailed(
                at=0,
                duration_ms=1,
                error={"what": f"raised: {SECRET}", "details": [f"key {SECRET}"], "fix": None},
            ),
            "error",
        ),
    ],
    ids=["prints", "raises"],
)
def test_a_secret_in_what_the_app_does_while_it_is_synthesized_is_not_passed_on(
    tmp_path: Path, event: Event, field: str
) -> None:
    seen: list[Event] = []
    with StoreWriter(tmp_path / "events.db", notify=seen.append) as store:
        recording = Recording(store, seen.append)
        recording.redactor.add_secrets([SECRET])
        recording(event)

    (passed,) = seen
    assert SECRET not in repr(getattr(passed, field))
    assert "[redacted]" in repr(getattr(passed, field))
