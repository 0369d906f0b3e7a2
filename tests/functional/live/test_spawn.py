"""Without fork the same things happen: the tests of the other modules, run with fresh interpreters."""

from __future__ import annotations

from pathlib import Path

import pytest

from sundog.live.worker.supervisor_link import WorkerNotStarted

from .conftest import live_session
from .test_context import (  # noqa: F401 - collected here once more
    test_botocore_in_a_worker_gets_its_own_roles_credentials,
    test_context_has_all_that_lambda_gives,
    test_environment_is_the_functions_own,
)
from .test_edits import (  # noqa: F401 - collected here once more
    test_broken_edit_answers_with_its_error_until_fixed,
    test_edit_of_an_imported_module_replaces_only_its_functions,
    test_request_in_flight_finishes_on_old_code,
    test_saved_handler_runs_at_the_next_request,
)
from .test_errors import (  # noqa: F401 - collected here once more
    test_exception_is_reported_with_type_message_request_id_and_the_users_frames,
    test_process_that_ends_under_an_invocation_is_an_exit_error,
    test_syntax_error_names_file_and_line,
    test_timeout_is_reported_and_the_next_invocation_gets_a_new_process,
)
from .test_lifecycle import (  # noqa: F401 - collected here once more
    test_children_of_a_handler_end_with_its_environment,
    test_requests_over_the_limit_wait_in_order,
)
from .test_output import (  # noqa: F401 - collected here once more
    test_every_way_to_write_is_captured_with_its_invocation,
    test_late_lines_of_a_thread_are_kept_and_not_the_next_invocations,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def start_method() -> str:
    return "spawn"


async def test_environment_variable_chooses_spawn(tmp_path: Path) -> None:
    async with live_session(tmp_path, environ={"SUNDOG_WORKER_START": "spawn"}) as live:
        await live.handler(
            "import os\ndef handler(event, context):\n    return os.environ.get('X', 'fresh')\n"
        )

        assert await live.answer() == "fresh"
        assert live.session.python.settings.start_method == "spawn"


async def test_no_program_is_started_any_more_when_the_session_has_ended(tmp_path: Path) -> None:
    async with live_session(tmp_path) as live:
        python = live.session.python

    with pytest.raises(WorkerNotStarted) as refused:
        await python.spawn(["true"], environ={}, cwd=tmp_path, stdout=1, stderr=2)

    assert refused.value.why == "the session ends"
