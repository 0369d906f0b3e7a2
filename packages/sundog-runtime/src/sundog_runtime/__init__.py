"""What handlers import: the names, ARNs and URLs of the resources that are bound to their function.

    from sundog_runtime import resources

    def handler(event, context):
        resources.notes.table.put_item(Item={"userId": "ada", "noteId": "1"})

`Table(stack, "notes", …)` in `app.py` and `bind=[notes]` on the function make `resources.notes`. Nothing is looked up
over the network but the values of secrets: the rest comes from environment variables that sundog sets. Importing this package loads the standard
library only, and little of it; boto3 is imported when a client is first asked for.
"""

from __future__ import annotations

from sundog_runtime._resources import (
    Api,
    Auth,
    Cognito,
    Database,
    Function,
    Job,
    JobFailed,
    Parameter,
    Queue,
    Resource,
    ResourceNotBound,
    Resources,
    Secret,
    SecretNotSet,
    StaticSite,
    Table,
    UnknownAttribute,
    WebSocketApi,
    resources,
)

__all__ = [
    "Api",
    "Auth",
    "Cognito",
    "Database",
    "Function",
    "Job",
    "JobFailed",
    "Parameter",
    "Queue",
    "Resource",
    "ResourceNotBound",
    "Resources",
    "Secret",
    "SecretNotSet",
    "StaticSite",
    "Table",
    "UnknownAttribute",
    "WebSocketApi",
    "resources",
]
