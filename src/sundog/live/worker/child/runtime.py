"""One execution environment: import the handler, then serve events until the end."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from . import faults, marshal, output
from .client import ApiRefused, Client
from .context import LambdaContext
from .faults import Fault
from .recorder import ImportRecorder
from .sources import SourceRecord

Handler = Callable[[Any, LambdaContext], Any]
SESSION_GONE = 70
BEFORE_TELLING: list[Callable[[], None]] = []
"""Called before the end of an import or of an invocation is told. What a prelude wants kept must be kept by then: an
environment may be killed at any moment after."""


class Runtime:
    """The life of one worker after it was given its function."""

    def __init__(
        self,
        *,
        record: SourceRecord,
        baseline: set[str],
        flush_native: Callable[[], None],
        sdk_files: list[str],
    ) -> None:
        """Take the record of project files, the modules that were there before, and the list of what the SDK reads."""
        self._record = record
        self._baseline = baseline
        self._flush_native = flush_native
        self._sdk_files = sdk_files
        self._recorder = ImportRecorder()
        self._known_modules = 0
        self._state = output.RequestState()
        self._handler_name = ""

    def rehearse(self) -> None:
        """Touch what a start touches; see `spare.rehearse`."""
        self._report()
        self._recorder.start()
        self._recorder.stop()
        importlib.util.find_spec("sundog_rehearsal_of_an_import")

    def run(self, source: str, handler: str) -> None:
        """Serve a function until the session closes the connection."""
        self._handler_name = handler
        output.set_up_logging(self._state)
        # The folder of the package on Lambda, which may have more in it than the sources.
        os.chdir(os.environ.get("LAMBDA_TASK_ROOT", source))
        sys.path.insert(0, source)
        try:
            self._serve(Client(os.environ["AWS_LAMBDA_RUNTIME_API"]))
        except (ConnectionError, ApiRefused):
            # There is nobody left to tell.
            os._exit(SESSION_GONE)

    def _serve(self, client: Client) -> None:
        handler = self._import_or_exit(client)
        self._flush()
        report: bytes | None = self._report()
        while True:
            headers, body = client.next(report)
            self._invoke(client, handler, headers, body)
            # Imports inside the handler count as well.
            changed = self._record.fresh() or len(sys.modules) != self._known_modules
            report = self._report() if changed else None

    def _import_or_exit(self, client: Client) -> Handler:
        self._recorder.start()
        self._record.reading = True
        try:
            return import_handler(self._handler_name)
        except Exception as error:  # noqa: BLE001 - whatever the user's module raises is reported
            described, _ = faults.described(error)
            faults.write_log(described)
            self._flush()
            self._note_syntax_error(error)
            client.report(self._report())
            client.fail_init(json.dumps(described).encode(), described["errorType"])
            sys.exit(1)
        finally:
            self._record.reading = False
            self._recorder.stop()

    def _note_syntax_error(self, error: BaseException) -> None:
        cause: BaseException | None = error
        while cause is not None:
            filename = getattr(cause, "filename", None)
            if isinstance(filename, str) and os.path.isfile(filename) and self._record.covers(filename):
                self._record.files.setdefault(os.path.realpath(filename), "")
            cause = cause.__cause__ or cause.__context__

    def _invoke(self, client: Client, handler: Handler, headers: dict[str, str], body: bytes) -> None:
        request_id = headers["lambda-runtime-aws-request-id"]
        self._state.request_id = request_id
        self._state.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        trace_id = headers.get("lambda-runtime-trace-id")
        if trace_id is None:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        else:
            os.environ["_X_AMZN_TRACE_ID"] = trace_id
        try:
            context = context_of(headers)
            event = marshal.event_of(body, headers.get("content-type", "application/json"))
            result, content_type = marshal.result_of(handler(event, context))
        except Exception as error:  # noqa: BLE001 - whatever the handler raises is its caller's answer
            described, cause = faults.described(error, request_id)
            faults.write_log(described)
            self._flush()
            client.fail(request_id, json.dumps(described).encode(), described["errorType"], json.dumps(cause))
        else:
            self._flush()
            client.respond(request_id, result, content_type)

    def _flush(self) -> None:
        for keep in BEFORE_TELLING:
            keep()
        # The session reads the pipes to their end when the answer arrives; all output must be in them by then.
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._flush_native()

    def _report(self) -> bytes:
        self._record.fresh()
        self._known_modules = len(sys.modules)
        modules = []
        for name in [name for name in sys.modules if name not in self._baseline]:
            path = getattr(sys.modules.get(name), "__file__", None)
            if name == "__main__" or name.startswith("_sundog_worker"):
                continue
            if isinstance(path, str) and is_editable(path):
                self._record.files.setdefault(os.path.realpath(path), "")
            else:
                modules.append(name)
        report = {
            "files": self._record.files,
            "modules": modules,
            "reads": {name: sorted(names) for name, names in self._recorder.reads.items()},
            "threads": sorted(self._recorder.threads),
            "sdk_files": self._sdk_files,
        }
        return json.dumps(report).encode()


def is_editable(path: str) -> bool:
    """Say whether a module's file is one that a person edits: neither installed nor part of Python."""
    if "site-packages" in path or "dist-packages" in path:
        return False
    standard = os.path.dirname(os.__file__) + os.sep
    return not path.startswith(standard) and not path.startswith("<")


def import_handler(name: str) -> Handler:
    """Import `folder/module.function` with the errors of AWS's runtime."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise Fault(
            "Runtime.MalformedHandlerName",
            "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name,
        )
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault(
            "Runtime.BuiltInModuleConflict",
            "Cannot use built-in module %s as a handler module" % module_name,
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        frames = traceback.format_list(faults.user_frames(error.__traceback__))
        raise Fault(
            "Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error), frames
        ) from error
    except SyntaxError as error:
        text = (error.text or "").rstrip("\n")
        trace = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, text)]
        raise Fault(
            "Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), trace
        ) from error
    try:
        handler: Handler = getattr(module, function_name)
    except AttributeError:
        raise Fault(
            "Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name)
        ) from None
    return handler


def context_of(headers: dict[str, str]) -> LambdaContext:
    """Make the handler's second argument from the headers of an event."""
    now = int(time.time() * 1000)
    return LambdaContext(
        request_id=headers["lambda-runtime-aws-request-id"],
        function_arn=headers.get("lambda-runtime-invoked-function-arn"),
        deadline_ms=int(headers.get("lambda-runtime-deadline-ms", now)),
        client_context=_json_header(headers, "lambda-runtime-client-context", "Client Context"),
        identity=_json_header(headers, "lambda-runtime-cognito-identity", "Cognito Identity"),
        tenant_id=headers.get("lambda-runtime-aws-tenant-id"),
    )


def _json_header(headers: dict[str, str], name: str, label: str) -> Any:
    text = headers.get(name)
    if not text:
        return None
    try:
        # Headers arrive as latin-1; the value is UTF-8.
        return json.loads(text.encode("latin-1"))
    except ValueError as error:
        raise Fault(
            "Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (label, error)
        ) from None
