"""Which subscriptions the answer of a mutation is for, and what each is told of it.

AppSync sends a subscriber the answer of the mutation, narrowed to what the subscription selects: what the mutation did not
select is null. `@aws_subscribe` names the mutations of a field; its arguments are compared with the fields of the answer:
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


class NoSubscription(Exception):
    """What a client wants to subscribe to cannot be subscribed to."""


@dataclass(frozen=True)
class Subscription:
    """What one client listens to."""

    query: str
    variables: dict[str, Any]
    operation: str | None
    field: str
    """Of the type `Subscription`."""
    key: str
    """What the client calls the field."""
    mutations: frozenset[str]
    arguments: dict[str, Any]
    """Those that the client gave; others filter nothing."""

    def is_for(self, mutation: str, answer: dict[str, Any]) -> bool:
        """Whether the answer of a mutation is for this client."""
        return mutation in self.mutations and all(
            answer.get(name) == wanted for name, wanted in self.arguments.items()
        )


def subscription_of(
    schema: Any, query: str, variables: dict[str, Any], operation: str | None
) -> Subscription:
    """Return what a client wants to listen to.

    Args:
        schema: The API's, of graphql-core.
        query: The document.
        variables: Their values.
        operation: Which of the document's operations; not needed when it has one.

    Raises:
        NoSubscription: The document is not right, or is a query.
    """
    from graphql import (  # type: ignore[import-not-found, unused-ignore]
        GraphQLError,
        OperationType,
        get_operation_ast,
        parse,
        validate,
    )
    from graphql.execution.values import (  # type: ignore[import-not-found, unused-ignore]
        get_argument_values,
        get_directive_values,
        get_variable_values,
    )

    try:
        document = parse(query)
    except GraphQLError as error:
        raise NoSubscription(error.message) from error
    wrong = validate(schema, document)
    if wrong:
        raise NoSubscription(wrong[0].message)
    definition = get_operation_ast(document, operation)
    if definition is None or definition.operation is not OperationType.SUBSCRIPTION:
        raise NoSubscription("it is no subscription")
    coerced = get_variable_values(schema, definition.variable_definitions or (), variables)
    if isinstance(coerced, list):
        raise NoSubscription(coerced[0].message)
    # The validation has made sure that there is one, whatever fragment it stands in.
    ((node, _),) = _fields(definition.selection_set, _fragments(document))
    field = schema.subscription_type.fields[node.name.value]
    directive = schema.get_directive("aws_subscribe")
    found = get_directive_values(directive, field.ast_node) if directive and field.ast_node else None
    given = {argument.name.value for argument in node.arguments}
    arguments = get_argument_values(field, node, coerced)
    return Subscription(
        query=query,
        variables=variables,
        operation=operation,
        field=node.name.value,
        key=node.alias.value if node.alias else node.name.value,
        mutations=frozenset(found["mutations"] if found else ()),
        arguments={name: value for name, value in arguments.items() if name in given},
    )


def answers_of(
    query: str, operation: str | None, data: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return each mutation of an answered document with its answer, by the names of the schema.

    Args:
        query: The document, which was executed.
        operation: Which of its operations.
        data: What came of it.
    """
    from graphql import OperationType, get_operation_ast, parse

    document = parse(query)
    definition = get_operation_ast(document, operation)
    if definition is None or definition.operation is not OperationType.MUTATION:
        return
    fragments = _fragments(document)
    for node, key in _fields(definition.selection_set, fragments):
        answer = _named(data.get(key), node.selection_set, fragments)
        if isinstance(answer, dict):
            yield node.name.value, answer


def told(schema: Any, subscription: Subscription, answer: dict[str, Any]) -> dict[str, Any]:
    """Return what the subscriber is sent: the answer of the mutation, narrowed to its selection."""
    from graphql import execute_sync, parse

    def resolve(source: Any, info: Any, **_: Any) -> Any:
        return answer if info.path.prev is None else source.get(info.field_name)

    result = execute_sync(
        schema,
        parse(subscription.query),
        variable_values=subscription.variables,
        operation_name=subscription.operation,
        field_resolver=resolve,
        type_resolver=lambda value, *_: value.get("__typename"),
    )
    payload: dict[str, Any] = {"data": result.data}
    if result.errors:
        payload["errors"] = [
            {"message": error.message, "path": list(error.path or [])} for error in result.errors
        ]
    return payload


def _fragments(document: Any) -> dict[str, Any]:
    return {one.name.value: one for one in document.definitions if one.kind == "fragment_definition"}


def _fields(selections: Any, fragments: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """Return the fields of a selection with the names that the answer has them by, those of fragments too."""
    for node in selections.selections:
        if node.kind == "field":
            yield node, (node.alias or node.name).value
        elif node.kind == "fragment_spread":
            yield from _fields(fragments[node.name.value].selection_set, fragments)
        else:
            yield from _fields(node.selection_set, fragments)


def _named(value: Any, selections: Any, fragments: dict[str, Any]) -> Any:
    """Return a value with the names of the schema in place of the client's own."""
    if isinstance(value, list):
        return [_named(one, selections, fragments) for one in value]
    if not isinstance(value, dict) or selections is None:
        return value
    return {
        node.name.value: _named(value[key], node.selection_set, fragments)
        for node, key in _fields(selections, fragments)
        if key in value
    }
