"""Where the parts of an app answer that can be called by a URL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sundog.aws.embedded.interface import LocalCloud
from sundog.model.manifest import Manifest, ResourceEntry
from sundog.testing.names import UnknownPart, find_resource, place_of, unknown_part

ClientOf = Callable[[str], Any]
"""Returns the client of a service."""

ROUTED = ("Api", "RestApi")
"""Kinds that a request means which names no other."""


def what_can_be_called(manifest: Manifest) -> list[ResourceEntry]:
    """Return the resources of an app and its functions, all as one kind of entry."""
    functions = [
        ResourceEntry(
            id=function.id,
            name=function.name,
            kind="Function",
            stack=function.stack,
            logical_id=function.logical_id,
            cloudformation_type="AWS::Lambda::Function",
            binding=["function_url"] if any(one.kind == "url" for one in function.triggers) else [],
            place=function.place,
        )
        for function in manifest.functions
    ]
    return [*manifest.resources, *functions]


def with_url(entries: Sequence[ResourceEntry], name: str | None, kind: str | None = None) -> ResourceEntry:
    """Return what has a URL, by its name, or the only one that can be meant.

    Args:
        entries: All that `what_can_be_called` returned.
        name: Id or path of a construct; None for the app's only Api or RestApi or, without one, the only other with a URL.
        kind: The kind that it must have, if one.

    Raises:
        UnknownPart: There is none, there are several, or it has no URL.
    """
    having = [one for one in entries if _has_url(one) and kind in (None, one.kind)]
    if name is None:
        return _only([one for one in having if one.kind in ROUTED] or having, kind)
    named = [one for one in having if name in (one.name, one.id)]
    if not named and not any(name in (one.name, one.id) for one in entries):
        raise unknown_part("construct", name, [one.name for one in having], with_what=" with a URL")
    entry = find_resource(named or entries, name, kind)
    if not _has_url(entry):
        raise _without_url(entry, sorted(one.name for one in having))
    return entry


def url_of(entry: ResourceEntry, physical_id: str, cloud: LocalCloud, client: ClientOf) -> str:
    """Return the address at which a deployed resource answers on this machine, without a slash at the end.

    Args:
        entry: One that has a URL.
        physical_id: What the cloud calls it.
        cloud: Where it is.
        client: For questions about it.
    """
    return _ADDRESSES[entry.kind](physical_id, cloud, client).rstrip("/")


def _has_url(entry: ResourceEntry) -> bool:
    if entry.kind == "Function":
        return "function_url" in entry.binding
    return entry.kind in _ADDRESSES


def _only(found: Sequence[ResourceEntry], kind: str | None) -> ResourceEntry:
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(sorted(one.id for one in found))
        raise UnknownPart(
            f"{len(found)} constructs of the app can be meant", fix=f"name one with `api=`: {names}"
        )
    if kind is not None:
        raise UnknownPart(f"the app has no {kind}", fix="define one in `app.py`")
    raise UnknownPart(
        "the app has no construct with a URL", fix="give a whole URL, such as an output of a stack"
    )


def _without_url(entry: ResourceEntry, others: Sequence[str]) -> UnknownPart:
    what, where = f"the {entry.kind} `{entry.name}` has no URL", place_of(entry)
    fixes = [f"name one that has: {', '.join(others)}"] if others else []
    if entry.kind == "Function":
        return UnknownPart(what, where=where, fix=["give it one in `app.py`: `url=True`", *fixes])
    *kinds, last = _ADDRESSES
    return UnknownPart(what, where=where, why=f"only an {', '.join(kinds)} or {last} can have one", fix=fixes)


def _http_api(identifier: str, cloud: LocalCloud, _: ClientOf) -> str:
    return cloud.url_for("api", identifier)


def _rest_api(identifier: str, cloud: LocalCloud, client: ClientOf) -> str:
    (stage, *_) = client("apigateway").get_stages(restApiId=identifier)["item"]
    return cloud.url_for("api", identifier, stage["stageName"])


def _web_socket_api(identifier: str, cloud: LocalCloud, client: ClientOf) -> str:
    (stage, *_) = client("apigatewayv2").get_stages(ApiId=identifier)["Items"]
    return cloud.url_for("api", identifier, stage["StageName"]).replace("http", "ws", 1)


def _graphql_api(arn: str, cloud: LocalCloud, client: ClientOf) -> str:
    found = client("appsync").get_graphql_api(apiId=graphql_api_id(arn))
    return cloud.rewrite_url(found["graphqlApi"]["uris"]["GRAPHQL"])


def graphql_api_id(physical_id: str) -> str:
    """Return the id in the ARN that CloudFormation calls a GraphQL API by."""
    return physical_id.rpartition("/")[2]


def _function(name: str, cloud: LocalCloud, client: ClientOf) -> str:
    return cloud.rewrite_url(client("lambda").get_function_url_config(FunctionName=name)["FunctionUrl"])


def _site(identifier: str, cloud: LocalCloud, client: ClientOf) -> str:
    domain = client("cloudfront").get_distribution(Id=identifier)["Distribution"]["DomainName"]
    return cloud.rewrite_url(f"https://{domain}")


_ADDRESSES: dict[str, Callable[[str, LocalCloud, ClientOf], str]] = {
    "Api": _http_api,
    "RestApi": _rest_api,
    "WebSocketApi": _web_socket_api,
    "AppSyncApi": _graphql_api,
    "StaticSite": _site,
    "Function": _function,
}
