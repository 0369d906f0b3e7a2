"""The functions of a pipeline of AppSync are named in a template and not made: every pipeline fails."""

from __future__ import annotations

import json
from typing import Any

from .handlers import PROVISIONERS, Properties

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})

_TYPE = "AWS::AppSync::FunctionConfiguration"
_MEMBERS = {
    "Name": "name",
    "Description": "description",
    "DataSourceName": "dataSourceName",
    "MaxBatchSize": "maxBatchSize",
    "Code": "code",
}


def mend(module: Any) -> None:
    """Make, change and delete them through the API."""

    def create(_logical_id: str, properties: Properties, _stack_name: str) -> Any:
        answer = _asked(module._appsync._create_function(properties["ApiId"], _body(properties)))
        return _result(answer["functionConfiguration"])

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str) -> Any:
        if new["ApiId"] != old["ApiId"]:
            return create(physical_id, new, stack_name)
        identity = physical_id.rpartition("/")[2]
        answer = _asked(module._appsync._update_function(new["ApiId"], identity, _body(new)))
        return _result(answer["functionConfiguration"])

    def delete(physical_id: str, properties: Properties) -> None:
        # Whether it is still there is of no interest.
        module._appsync._delete_function(properties.get("ApiId", ""), physical_id.rpartition("/")[2])

    module._RESOURCE_HANDLERS[_TYPE].update(create=create, update=update, delete=delete)


def _body(properties: Properties) -> dict[str, Any]:
    body = {member: properties[name] for name, member in _MEMBERS.items() if properties.get(name)}
    runtime = properties.get("Runtime")
    if runtime:
        body["runtime"] = {"name": runtime["Name"], "runtimeVersion": runtime["RuntimeVersion"]}
    return body


def _asked(answer: Any) -> dict[str, Any]:
    status, _headers, body = answer
    content: dict[str, Any] = json.loads(body)
    if status >= 400:
        raise ValueError(f"{_TYPE}: {content.get('message', content)}")
    return content


def _result(made: dict[str, Any]) -> tuple[str, dict[str, str]]:
    attributes = {
        "DataSourceName": made["dataSourceName"],
        "FunctionArn": made["functionArn"],
        "FunctionId": made["functionId"],
        "Name": made["name"],
    }
    return made["functionArn"], attributes
