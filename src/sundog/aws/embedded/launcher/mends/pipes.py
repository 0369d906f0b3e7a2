"""Pipes read streams of tables only, send every record, as it is, and to topics and state machines only.

The emulator knows neither other sources and targets nor filters, batches, enrichments, input templates and retries.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html
"""

from __future__ import annotations

import copy
import time
from typing import Any

from .pipe_queues import QueueReader
from .pipe_streams import stream_parameters, stream_reader
from .pipe_targets import TARGETS, service_of

MODULE = "ministack.services.pipes"
VERSIONS = frozenset({"1.5.33"})

SETTINGS = ("SourceParameters", "Enrichment", "EnrichmentParameters", "TargetParameters", "LogConfiguration")
SOURCES = frozenset({"sqs", "kinesis", "dynamodb"})

_POLL_SECONDS = 0.2


def mend(module: Any) -> None:
    """Keep the settings, and read and deliver by them."""
    _keep_settings(module)
    _begin_where_it_was_made(module)
    module._poll_loop = lambda: _poll_for_ever(module)


def apply_settings(pipe: dict[str, Any], settings: dict[str, Any], state: str) -> None:
    """Give a pipe its settings, and only then let it run.

    Args:
        pipe: The emulator's record.
        settings: Those that there are, in the words of the API, which are also those of a template.
        state: The wished one.
    """
    from ministack.services import lambda_svc

    pipe.update({name: copy.deepcopy(settings.get(name)) for name in SETTINGS})
    starting = str(stream_parameters(pipe).get("StartingPosition") or "LATEST")
    lambda_svc._init_stream_position(pipe["Arn"], pipe["Source"], starting)
    # Whoever delivers with older settings sees by it that they are.
    pipe["LastModifiedTime"] = time.time()
    pipe["DesiredState"] = pipe["CurrentState"] = "STOPPED" if state.upper() == "STOPPED" else "RUNNING"


def check(module: Any, wanted: dict[str, Any]) -> None:
    """Refuse what a pipe here cannot do, and what AWS refuses.

    Args:
        module: The Pipes service.
        wanted: The settings, with `Source` and `Target`.

    Raises:
        ValueError: The reason.
    """
    from ministack.services import eventbridge

    source, target, enrichment = (str(wanted.get(name) or "") for name in ("Source", "Target", "Enrichment"))
    module.check_target_supported(target)
    if service_of(source) not in SOURCES:
        raise ValueError(
            f"Pipes of the local cloud read queues, Kinesis streams and streams of tables, not {source}"
        )
    if service_of(target) not in TARGETS or ":api-destination/" in target:
        raise ValueError(f"Pipes of the local cloud deliver nothing to {target}")
    if enrichment and service_of(enrichment) != "lambda":
        raise ValueError(f"Pipes of the local cloud are enriched by functions only, not by {enrichment}")
    criteria = (wanted.get("SourceParameters") or {}).get("FilterCriteria") or {}
    for one in criteria.get("Filters") or ():
        _alternatives, reason = eventbridge._parse_pattern_text(one.get("Pattern"))
        if reason:
            raise ValueError(f"Invalid filter pattern: {reason}")


def _keep_settings(module: Any) -> None:
    create, update, describe = module._create_pipe, module._update_pipe, module._describe_response

    def created(name: str, body: dict[str, Any]) -> Any:
        try:
            check(module, body)
        except ValueError as error:
            return module._error(400, "ValidationException", str(error))
        answer = create(name, {**body, "DesiredState": "STOPPED"})
        if answer[0] >= 400:
            return answer
        apply_settings(module._pipes[name], body, body.get("DesiredState") or "RUNNING")
        return module._json_resp(200, module._lifecycle_response(module._pipes[name]))

    def updated(name: str, body: dict[str, Any]) -> Any:
        pipe = module._pipes.get(name)
        if pipe is None:
            return module._not_found(name)
        wanted = {**pipe, **body}
        sources = {**(pipe.get("SourceParameters") or {}), **(body.get("SourceParameters") or {})}
        try:
            check(module, {**wanted, "SourceParameters": sources})
        except ValueError as error:
            return module._error(400, "ValidationException", str(error))
        answer = update(name, {**body, "DesiredState": "STOPPED"})
        if answer[0] >= 400:
            return answer
        settings = {**wanted, "SourceParameters": sources}
        apply_settings(pipe, settings, wanted.get("DesiredState") or "RUNNING")
        return module._json_resp(200, module._lifecycle_response(pipe))

    def described(pipe: dict[str, Any]) -> dict[str, Any]:
        return {**describe(pipe), **{name: pipe[name] for name in SETTINGS if pipe.get(name)}}

    module._create_pipe, module._update_pipe, module._describe_response = created, updated, described


def _begin_where_it_was_made(module: Any) -> None:
    """Forget the place in a stream with the pipe that read there."""
    delete = module.delete_pipe

    def deleted(name: str) -> None:
        from ministack.services import lambda_svc

        pipe = module._pipes.get(name)
        delete(name)
        if pipe is not None:
            lambda_svc._release_esm_poll_state(pipe["Arn"])

    module.delete_pipe = deleted


def _poll_for_ever(module: Any) -> None:
    queues, streams = QueueReader(module), stream_reader(module)
    while True:
        try:
            _poll(module, queues)
            streams.poll("kinesis")
            streams.poll("dynamodb")
        except Exception:  # the next round may succeed, and other pipes depend on it
            module.logger.exception("Pipes: reading failed")
        time.sleep(_POLL_SECONDS)


def _poll(module: Any, queues: QueueReader) -> None:
    for account, region, pipe in module._iter_all_pipes():
        if pipe.get("CurrentState") != "RUNNING" or service_of(pipe["Source"]) != "sqs":
            continue
        account_token = module._request_account_id.set(account)
        region_token = module._request_region.set(region)
        try:
            queues.poll(pipe)
        finally:
            module._request_region.reset(region_token)
            module._request_account_id.reset(account_token)
