"""The parts of an app that a test names: found, or refused with the words that lead on."""

from __future__ import annotations

import pytest

from sundog.model.manifest import ResourceEntry, SourcePlace
from sundog.testing.addresses import with_url
from sundog.testing.names import UnknownPart, find_resource


def entry(identity, kind, *, line=1, binding=()):
    return ResourceEntry(
        id=identity,
        name=identity.rpartition("/")[2],
        kind=kind,
        stack="local-shop-" + identity.partition("/")[0],
        logical_id="L",
        cloudformation_type="AWS::X::Y",
        binding=list(binding),
        place=SourcePlace(file="app.py", line=line),
    )


API = entry("backend/api", "Api", line=3)
ORDERS = entry("backend/orders", "Queue", line=4)
NOTES = entry("storage/notes", "Table", line=5)
PAGE = entry("backend/page", "Function", line=6, binding=["function_name", "function_url"])
SEND = entry("backend/send", "Function", line=7, binding=["function_name"])
SITE = entry("frontend/site", "StaticSite", line=8)
CHAT = entry("backend/chat", "WebSocketApi", line=9)
ADMIN = entry("admin/api", "RestApi", line=10)
APP = [API, ORDERS, NOTES, PAGE, SEND, SITE, CHAT]


def refusal(call):
    with pytest.raises(UnknownPart) as raised:
        call()
    return raised.value.as_text()


@pytest.mark.parametrize("name", ["notes", "storage/notes"])
def test_a_resource_is_found_by_its_id_and_by_its_path(name):
    assert find_resource(APP, name) is NOTES


def test_a_misspelt_name_is_told_with_the_nearest():
    assert refusal(lambda: find_resource(APP, "order", "Queue")) == (
        "SD-USAGE-030: the app has no Queue `order`\nwhy: it has orders\nfix: write `orders`"
    )


def test_a_name_that_two_stacks_use_is_told_with_both_paths():
    assert refusal(lambda: find_resource([*APP, ADMIN], "api")) == (
        "SD-USAGE-030: the app has 2 constructs `api`\n"
        "why: `backend/api` is an Api, `admin/api` is a RestApi\n"
        "fix: name one with its stack: `admin/api` or `backend/api`"
    )
    assert find_resource([*APP, ADMIN], "api", "RestApi") is ADMIN
    assert find_resource([*APP, ADMIN], "backend/api") is API


def test_a_resource_of_another_kind_is_told_with_the_line_that_defines_it():
    assert refusal(lambda: find_resource(APP, "notes", "Queue")) == (
        "SD-USAGE-030: `notes` is a Table, not a Queue (app.py:5)\nfix: name a Queue: orders"
    )
    assert refusal(lambda: find_resource(APP, "notes", "Topic")) == (
        "SD-USAGE-030: `notes` is a Table, not a Topic (app.py:5)\nfix: the app has no Topic"
    )


@pytest.mark.parametrize("wanted", [API, PAGE, SITE, CHAT], ids=lambda one: one.kind)
def test_what_has_a_url_is_found_by_its_name(wanted):
    assert with_url(APP, wanted.name) is wanted


def test_the_only_api_is_meant_when_nothing_is_named_and_else_the_only_one_with_a_url():
    assert with_url(APP, None) is API
    assert with_url([ORDERS, SEND, PAGE], None) is PAGE
    assert with_url([CHAT, API], None, "WebSocketApi") is CHAT


def test_a_name_that_one_with_a_url_and_others_have_means_that_one():
    table = entry("storage/api", "Table")

    assert with_url([table, API], "api") is API


def test_one_that_has_no_url_is_refused_with_those_that_do():
    assert refusal(lambda: with_url(APP, "orders")) == (
        "SD-USAGE-030: the Queue `orders` has no URL (app.py:4)\n"
        "why: only an Api, RestApi, WebSocketApi, AppSyncApi, StaticSite or Function can have one\n"
        "fix: name one that has: api, chat, page, site"
    )


def test_a_function_without_a_url_is_told_how_it_gets_one():
    assert refusal(lambda: with_url([SEND], "send")) == (
        "SD-USAGE-030: the Function `send` has no URL (app.py:7)\nfix: give it one in `app.py`: `url=True`"
    )


def test_a_misspelt_api_is_told_with_the_nearest_of_those_with_a_url():
    assert refusal(lambda: with_url(APP, "apy")) == (
        "SD-USAGE-030: the app has no construct `apy` with a URL\nwhy: it has api, chat, page, site\nfix: write `api`"
    )


def test_several_that_can_be_meant_are_named():
    assert refusal(lambda: with_url([*APP, ADMIN], None)) == (
        "SD-USAGE-030: 2 constructs of the app can be meant\nfix: name one with `api=`: admin/api, backend/api"
    )
    assert refusal(lambda: with_url([SITE, PAGE], None)) == (
        "SD-USAGE-030: 2 constructs of the app can be meant\nfix: name one with `api=`: backend/page, frontend/site"
    )
    assert refusal(lambda: with_url([*APP, ADMIN], "api")) == (
        "SD-USAGE-030: the app has 2 constructs `api`\n"
        "why: `backend/api` is an Api, `admin/api` is a RestApi\n"
        "fix: name one with its stack: `admin/api` or `backend/api`"
    )


def test_an_app_without_any_says_what_can_be_called_instead():
    assert refusal(lambda: with_url([ORDERS], None)) == (
        "SD-USAGE-030: the app has no construct with a URL\nfix: give a whole URL, such as an output of a stack"
    )
    assert refusal(lambda: with_url([API], None, "AppSyncApi")) == (
        "SD-USAGE-030: the app has no AppSyncApi\nfix: define one in `app.py`"
    )


def test_an_api_of_another_kind_is_told():
    assert refusal(lambda: with_url(APP, "api", "WebSocketApi")) == (
        "SD-USAGE-030: `api` is an Api, not a WebSocketApi (app.py:3)\nfix: name a WebSocketApi: chat"
    )
