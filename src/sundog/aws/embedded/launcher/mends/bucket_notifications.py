"""The CDK sets a bucket's notifications with a custom resource, whose function needs boto3; here there is none.

The custom resource's handler does nothing but `PutBucketNotificationConfiguration`, so that call is made in its place.
"""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})

TYPE = "Custom::S3BucketNotifications"
_DESTINATIONS = {
    "LambdaFunctionConfigurations": ("LambdaConfigurations", "LambdaFunctionArn", "Function"),
    "QueueConfigurations": ("QueueConfigurations", "QueueArn", "Queue"),
    "TopicConfigurations": ("TopicConfigurations", "TopicArn", "Topic"),
}
"""The API's name of a list, the template's, and what both call the receiver."""


def mend(module: Any) -> None:
    """Make the call instead of running the function."""
    create, update = module._custom_resource_create, module._custom_resource_update
    delete = module._custom_resource_delete

    def created(logical_id: str, properties: Properties, stack_name: str, resource_type: str) -> Any:
        if resource_type != TYPE:
            return create(logical_id, properties, stack_name, resource_type)
        return _apply(module, properties), {}

    def updated(physical_id: str, old: Properties, new: Properties, stack_name: str, **named: Any) -> Any:
        if named.get("resource_type") != TYPE:
            return update(physical_id, old, new, stack_name, **named)
        return _apply(module, new), {}

    def deleted(physical_id: str, properties: Properties, **named: Any) -> Any:
        if named.get("resource_type") != TYPE:
            return delete(physical_id, properties, **named)
        if properties.get("BucketName") in module._s3._buckets:
            module._s3_apply_notification(properties["BucketName"], {})
        return None

    module._custom_resource_create = created
    module._custom_resource_update = updated
    module._custom_resource_delete = deleted


def _apply(module: Any, properties: Properties) -> str:
    name = str(properties["BucketName"])
    if str(properties.get("Managed", True)).lower() == "false" and module._s3._bucket_notifications.get(name):
        raise ValueError(
            f"The bucket {name} has notifications already, and the local cloud cannot add to them from another stack."
        )
    module._s3_apply_notification(name, _template_form(properties.get("NotificationConfiguration") or {}))
    return f"{name}-notifications"


def _template_form(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the API's form of a configuration as a template writes it."""
    form: dict[str, Any] = {}
    for api_name, (template_name, api_key, template_key) in _DESTINATIONS.items():
        form[template_name] = [
            {
                template_key: entry[api_key],
                "Event": entry["Events"],
                "Filter": {"S3Key": {"Rules": _rules(entry)}},
            }
            for entry in configuration.get(api_name) or ()
        ]
    if configuration.get("EventBridgeConfiguration") is not None:
        form["EventBridgeConfiguration"] = {"EventBridgeEnabled": True}
    return form


def _rules(entry: dict[str, Any]) -> list[dict[str, str]]:
    rules: list[dict[str, str]] = ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []
    return rules
