"""A query parses and checks its condition anew for every item: 0.4 s for a partition of 10,000, with all else waiting.

A key condition is a few comparisons, so it is made into a function once, and the keys that a partition is sorted by are
read directly. Any other expression that was well-formed once
stays so, and is evaluated from its tokens.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

MODULE = "ministack.services.dynamodb"
VERSIONS = frozenset({"1.5.33"})

_MOST_EXPRESSIONS = 1000
_KEY_SLOT = "KeyConditionExpression"
_READ: dict[str, Callable[[Any], Any]] = {
    # DynamoDB orders strings by their bytes in UTF-8, which is the order of code points: Python's own.
    "S": operator.itemgetter("S"),
    "N": lambda value: Decimal(value["N"]),
}
"""By type, how a key is read whose value needs no more than that."""
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": operator.eq,
    "LT": operator.lt,
    "LE": operator.le,
    "GT": operator.gt,
    "GE": operator.ge,
}


def mend(module: Any) -> None:
    """Do once what does not depend on the item."""
    original, sort_key = module._evaluate_condition, module._sort_key_value
    checked: dict[tuple[str, str], list[Any]] = {}
    last: list[Any] = [None, None, None, None]

    def key_condition(expression: str, values: Any, names: Any) -> Callable[[Any], bool] | None:
        # A query hands in the same objects for each of its items, which were checked before the first.
        if not (last[0] == expression and last[1] is values and last[2] is names):
            last[:] = [expression, values, names, _compiled(module, expression, values, names)]
        condition: Callable[[Any], bool] | None = last[3]
        return condition

    def evaluate(
        expression: str, item: Any, values: Any, names: Any, slot: str = "ConditionExpression"
    ) -> Any:
        if slot == _KEY_SLOT and (condition := key_condition(expression, values, names)) is not None:
            return condition(item)
        tokens = checked.get((expression, slot))
        if tokens is not None:
            try:
                return module._ExprEval(tokens, item, values, names).evaluate()
            except Exception:  # noqa: BLE001 - whatever it is, the original fails as well and words it as DynamoDB does
                return original(expression, item, values, names, slot=slot)
        result = original(expression, item, values, names, slot=slot)
        # The bounds of BETWEEN are values, and are checked with each of them.
        if expression and "BETWEEN" not in expression.upper():
            if len(checked) >= _MOST_EXPRESSIONS:
                checked.clear()
            checked[expression, slot] = module._tokenize(expression)
        return result

    def sort_key_value(value: Any, kind: str) -> Any:
        try:
            return _READ[kind](value)
        except (KeyError, TypeError, InvalidOperation):
            return sort_key(value, kind)

    module._evaluate_condition, module._sort_key_value = evaluate, sort_key_value


def _compiled(module: Any, expression: str, values: Any, names: Any) -> Callable[[Any], bool] | None:
    """Return a key condition as a function, or None when it is not one of the plain forms."""
    tests = []
    for clause in module._key_condition_clauses(module._tokenize(expression)):
        test = _clause(
            module, [token for token in clause if token[0] not in {"LPAREN", "RPAREN"}], values, names
        )
        if test is None:
            return None
        tests.append(test)
    if len(tests) == 2:
        # By far the most: one for each key.
        first, second = tests
        return lambda item: first(item) and second(item)
    return lambda item: all(test(item) for test in tests)


def _clause(module: Any, clause: list[Any], values: Any, names: Any) -> Callable[[Any], bool] | None:
    kinds = [kind for kind, _ in clause]
    if kinds[:1] not in (["IDENT"], ["NAME_REF"]):
        return None
    words = [str(text).upper() for _, text in clause]
    if kinds[1:2] and kinds[1] in _OPERATORS and kinds[2:] == ["VALUE_REF"]:
        attribute, given = _name(clause[0], names), [clause[2][1]]
        test: Callable[..., bool] = _OPERATORS[kinds[1]]
    elif words[1:4:2] == ["BETWEEN", "AND"] and len(clause) == 5:
        attribute, given = _name(clause[0], names), [clause[2][1], clause[4][1]]
        test = _between
    elif (
        words[0] == "BEGINS_WITH"
        and kinds[1] in {"IDENT", "NAME_REF"}
        and kinds[2:] == ["COMMA", "VALUE_REF"]
    ):
        attribute, given = _name(clause[1], names), [clause[3][1]]
        test = _begins_with
    else:
        return None
    wanted: list[Any] = [(values or {}).get(name) for name in given]
    if not all(isinstance(one, dict) and len(one) == 1 for one in wanted):
        return None
    kind = next(iter(wanted[0]))
    if kind not in {"S", "N", "B"} or any(next(iter(one)) != kind for one in wanted):
        return None
    if kind == "S" and test is operator.eq:
        return lambda item: item.get(attribute) == wanted[0]
    comparable = _READ.get(kind) or (lambda value: module._sort_key_value(value, kind))
    bounds = [comparable(one) for one in wanted]

    def holds(item: Any) -> bool:
        value = item.get(attribute)
        return value is not None and kind in value and test(comparable(value), *bounds)

    return holds


def _name(token: Any, names: Any) -> str:
    kind, text = token
    return str((names or {}).get(text, text)) if kind == "NAME_REF" else str(text)


def _between(value: Any, low: Any, high: Any) -> bool:
    return bool(low <= value <= high)


def _begins_with(value: Any, prefix: Any) -> bool:
    return bool(value.startswith(prefix))
