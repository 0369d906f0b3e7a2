"""Corrections of the emulator's defects, one module each.

A mend module has:

- `MODULE`: the emulator's module that it changes, right after its import;
- `VERSIONS`: the emulator versions that are known to have the defect; on others nothing is changed;
- `mend(module)`: the change.

Its docstring says what the emulator does wrong. `tests/emulator/conformance/` proves each through the AWS API, and fails
when the emulator does right without it, so that it can be removed.
"""

from __future__ import annotations

from typing import Any

from ..after_import import Hook
from . import (
    alarm_evaluation,
    alarm_functions,
    alarm_properties,
    asynchronous_invocation,
    bucket_lifecycle,
    bucket_lifecycle_property,
    bucket_notifications,
    bucket_tags,
    cognito_checks,
    cognito_confirmation,
    cognito_messages,
    cognito_migration,
    cognito_sign_in,
    cognito_trigger_errors,
    custom_resource_crash,
    distribution_host,
    distribution_https,
    event_archives,
    event_pages,
    function_code,
    function_metrics,
    function_properties,
    function_url_stream,
    graph_event_source,
    graph_functions,
    graphql_attributes,
    graphql_lambda_resolver,
    graphql_subscriptions,
    http_api_cors,
    http_api_function_error,
    http_api_metrics,
    http_api_payload_format,
    http_proxy_integration,
    log_pages,
    metric_filters,
    nested_stack_attributes,
    pipe_properties,
    pipes,
    queue_batching_window,
    queue_counts,
    queue_metrics,
    rest_api_function_error,
    rest_api_metrics,
    rest_api_validators,
    rule_targets,
    schedule_properties,
    schedule_times,
    stack_status_events,
    stream_consumers,
    table_conditions,
    table_key,
    table_kinesis_stream,
    table_time_to_live,
    topic_dead_letters,
    topic_functions,
    topic_metrics,
    topic_properties,
    unknown_targets,
    update_events,
    websocket_invocations,
    websocket_route_response,
)

MENDS: tuple[Any, ...] = (
    alarm_evaluation,
    alarm_functions,
    alarm_properties,
    asynchronous_invocation,
    bucket_lifecycle,
    bucket_lifecycle_property,
    bucket_notifications,
    bucket_tags,
    cognito_checks,
    cognito_confirmation,
    cognito_messages,
    cognito_migration,
    cognito_sign_in,
    cognito_trigger_errors,
    custom_resource_crash,
    distribution_host,
    distribution_https,
    event_archives,
    event_pages,
    function_code,
    function_metrics,
    function_properties,
    function_url_stream,
    graph_event_source,
    graph_functions,
    graphql_attributes,
    graphql_lambda_resolver,
    graphql_subscriptions,
    http_api_cors,
    # Before the one below, which wraps it.
    http_api_payload_format,
    http_api_function_error,
    http_proxy_integration,
    # After the one above, which puts another in the place of what this one times.
    http_api_metrics,
    log_pages,
    metric_filters,
    nested_stack_attributes,
    pipe_properties,
    pipes,
    queue_batching_window,
    queue_counts,
    # After the alarms, which it measures for.
    queue_metrics,
    rule_targets,
    rest_api_function_error,
    rest_api_metrics,
    rest_api_validators,
    schedule_properties,
    schedule_times,
    stack_status_events,
    stream_consumers,
    table_conditions,
    table_key,
    table_kinesis_stream,
    table_time_to_live,
    # Before the one below, which wraps it.
    topic_functions,
    topic_dead_letters,
    topic_metrics,
    topic_properties,
    unknown_targets,
    update_events,
    websocket_invocations,
    websocket_route_response,
)


def mend_hooks(version: str, skipped: frozenset[str] = frozenset()) -> dict[str, list[Hook]]:
    """Return the mends of an emulator version, by the module they change.

    Args:
        version: Of the emulator.
        skipped: Names of mends to leave out; the conformance suite asks whether a mend is still needed.
    """
    hooks: dict[str, list[Hook]] = {}
    for mend in MENDS:
        if version in mend.VERSIONS and name_of(mend) not in skipped:
            hooks.setdefault(mend.MODULE, []).append(mend.mend)
    return hooks


def name_of(mend: Any) -> str:
    """Return the name of a mend: its module's."""
    return str(mend.__name__).rpartition(".")[2]
