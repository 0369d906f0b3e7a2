"""What a bucket's lifecycle rules let expire, told by a clock that the tests set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sundog.aws.embedded.launcher.mends.bucket_expiry import Version, expires, is_given_up

DAY = timedelta(days=1)
MADE = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
OBJECT = Version("logs/a.txt", None, MADE.timestamp(), size=10, tags={"kind": "log"})
OLD = replace(OBJECT, identity="v1", is_alone=False, noncurrent_since=MADE.timestamp(), newer_noncurrent=0)


def rule(**parts):
    return {"Status": "Enabled", "Filter": {}, **parts}


def at(day, hour=0):
    return datetime(2026, 3, day, hour, tzinfo=UTC).timestamp()


def test_days_are_rounded_up_to_the_next_midnight():
    two_days = rule(Expiration={"Days": 2})

    assert not expires(two_days, OBJECT, at(12, 23))
    assert expires(two_days, OBJECT, at(13))


def test_a_date_holds_for_objects_that_are_older_and_younger():
    date = rule(Expiration={"Date": "2026-03-01T00:00:00Z"})

    assert not expires(date, OBJECT, datetime(2026, 2, 28, tzinfo=UTC).timestamp())
    assert expires(date, OBJECT, at(10, 16))


@pytest.mark.parametrize(
    ("criteria", "is_meant"),
    [
        ({}, True),
        ({"Prefix": "logs/"}, True),
        ({"Prefix": "photos/"}, False),
        ({"Tag": {"Key": "kind", "Value": "log"}}, True),
        ({"Tag": {"Key": "kind", "Value": "photo"}}, False),
        ({"ObjectSizeGreaterThan": 9}, True),
        ({"ObjectSizeGreaterThan": 10}, False),
        ({"ObjectSizeLessThan": 10}, False),
        ({"And": {"Prefix": "logs/", "Tags": [{"Key": "kind", "Value": "log"}]}}, True),
        ({"And": {"Prefix": "logs/", "ObjectSizeLessThan": 5}}, False),
    ],
)
def test_a_rule_is_for_the_objects_that_its_filter_names(criteria, is_meant):
    assert expires(rule(Filter=criteria, Expiration={"Days": 1}), OBJECT, at(20)) is is_meant


def test_a_rule_of_the_older_form_names_its_prefix_itself():
    assert not expires({"Status": "Enabled", "Prefix": "b/", "Expiration": {"Days": 1}}, OBJECT, at(20))


def test_a_disabled_rule_removes_nothing():
    assert not expires({**rule(Expiration={"Days": 1}), "Status": "Disabled"}, OBJECT, at(20))


def test_a_version_goes_when_it_has_been_noncurrent_for_long_enough():
    old = rule(NoncurrentVersionExpiration={"NoncurrentDays": 3})

    assert not expires(old, OLD, at(13))
    assert expires(old, OLD, at(14))
    assert not expires(old, OBJECT, at(30))


def test_some_of_the_newest_noncurrent_versions_stay():
    old = rule(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 2})

    assert [expires(old, replace(OLD, newer_noncurrent=newer), at(30)) for newer in range(4)] == [
        False,
        False,
        True,
        True,
    ]


def test_a_delete_marker_goes_when_it_hides_nothing():
    marker = replace(OBJECT, identity="v2", is_marker=True)
    of_no_use = rule(Expiration={"ExpiredObjectDeleteMarker": True})

    assert expires(of_no_use, marker, at(10, 16))
    assert not expires(of_no_use, replace(marker, is_alone=False), at(30))
    assert not expires(of_no_use, OBJECT, at(30))
    assert expires(rule(Expiration={"Days": 1}), marker, at(30))


def test_an_upload_in_parts_is_aborted_after_its_days():
    abort = rule(Filter={"Prefix": "logs/"}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1})

    assert not is_given_up(abort, "logs/a", MADE.timestamp(), at(11, 23))
    assert is_given_up(abort, "logs/a", MADE.timestamp(), at(12))
    assert not is_given_up(abort, "photos/a", MADE.timestamp(), at(30))
    assert not is_given_up(rule(Expiration={"Days": 1}), "logs/a", MADE.timestamp(), at(30))
