"""Lifecycle rules of buckets: kept as they were set, through the API and a template, and followed."""

from __future__ import annotations

import json
import uuid

import pytest

LONG_AGO = "2020-01-01T00:00:00Z"


def bucket(bench, **versioning):
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    objects = bench.aws.client("s3")
    objects.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    if versioning:
        objects.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
    return name


def put(bench, name, *keys):
    for key in keys:
        bench.aws.client("s3").put_object(Bucket=name, Key=key, Body=b"content")


def follow(bench, name, *rules):
    bench.aws.client("s3").put_bucket_lifecycle_configuration(
        Bucket=name, LifecycleConfiguration={"Rules": list(rules)}
    )


def keys(bench, name):
    return [one["Key"] for one in bench.aws.client("s3").list_objects_v2(Bucket=name).get("Contents", [])]


def expiring(**more):
    return {"ID": "old", "Status": "Enabled", "Expiration": {"Date": LONG_AGO}, **more}


def test_objects_below_a_prefix_expire_at_a_date_and_the_bucket_tells_of_it(mended, wait_for):
    url, queue = mended.aws.queue()
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}],
    }
    mended.aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    name = bucket(mended)
    expired = {"QueueArn": queue, "Events": ["s3:LifecycleExpiration:*"]}
    mended.aws.client("s3").put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"QueueConfigurations": [expired]}
    )
    put(mended, name, "tmp/a", "kept")

    follow(mended, name, expiring(Filter={"Prefix": "tmp/"}))
    wait_for(lambda: keys(mended, name) == ["kept"], "the object to expire")

    def told():
        bodies = [json.loads(message["Body"]) for message in mended.aws.messages(url, seconds=1)]
        return [record for body in bodies for record in body.get("Records", ())]

    (record,) = wait_for(told, "the notification")
    assert (record["eventName"], record["s3"]["object"]["key"]) == ("LifecycleExpiration:Delete", "tmp/a")


def test_only_objects_with_the_tag_expire(mended, wait_for):
    name = bucket(mended)
    mended.aws.client("s3").put_object(Bucket=name, Key="old", Body=b"x", Tagging="state=done")
    put(mended, name, "new")

    follow(mended, name, expiring(Filter={"Tag": {"Key": "state", "Value": "done"}}))

    wait_for(lambda: keys(mended, name) == ["new"], "the object to expire")


def test_an_object_with_versions_is_hidden_and_not_lost(mended, wait_for):
    name = bucket(mended, Status="Enabled")
    put(mended, name, "a")

    follow(mended, name, expiring(Filter={}))
    wait_for(lambda: keys(mended, name) == [], "the object to expire")
    listed = mended.aws.client("s3").list_object_versions(Bucket=name)

    assert [one["IsLatest"] for one in listed["DeleteMarkers"]] == [True]
    assert [one["Key"] for one in listed["Versions"]] == ["a"]


def test_a_marker_that_hides_nothing_is_removed(mended, wait_for):
    name, objects = bucket(mended, Status="Enabled"), mended.aws.client("s3")
    put(mended, name, "a")
    (version,) = objects.list_object_versions(Bucket=name)["Versions"]
    objects.delete_object(Bucket=name, Key="a")
    objects.delete_object(Bucket=name, Key="a", VersionId=version["VersionId"])

    marker = {"ID": "markers", "Status": "Enabled", "Filter": {}}
    follow(mended, name, {**marker, "Expiration": {"ExpiredObjectDeleteMarker": True}})

    wait_for(
        lambda: "DeleteMarkers" not in objects.list_object_versions(Bucket=name), "the marker to be removed"
    )


RULES = [
    {
        "ID": "all of it",
        "Status": "Enabled",
        "Filter": {
            "And": {
                "Prefix": "logs/",
                "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}],
                "ObjectSizeGreaterThan": 10,
                "ObjectSizeLessThan": 1000,
            }
        },
        "Expiration": {"Days": 30},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 2},
        "Transitions": [{"Days": 10, "StorageClass": "GLACIER"}],
        "NoncurrentVersionTransitions": [{"NoncurrentDays": 5, "StorageClass": "STANDARD_IA"}],
    },
    {
        "ID": "uploads",
        "Status": "Disabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
    },
]


def test_rules_are_returned_as_they_were_set(mended):
    name = bucket(mended)
    older = {"ID": "older form", "Status": "Enabled", "Prefix": "photos/", "Expiration": {"Days": 1}}

    follow(mended, name, *RULES, older)
    found = mended.aws.client("s3").get_bucket_lifecycle_configuration(Bucket=name)["Rules"]

    assert found == [*RULES, older]


TEMPLATE_RULES = [
    {
        "Id": "all of it",
        "Status": "Enabled",
        "Prefix": "logs/",
        "TagFilters": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}],
        "ObjectSizeGreaterThan": "10",
        "ObjectSizeLessThan": "1000",
        "ExpirationInDays": 30,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 2},
        "Transitions": [{"TransitionInDays": 10, "StorageClass": "GLACIER"}],
        "NoncurrentVersionTransitions": [{"TransitionInDays": 5, "StorageClass": "STANDARD_IA"}],
    },
    {
        "Id": "uploads",
        "Status": "Disabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
    },
]


def deployed(bench, rules, stack=None):
    properties = {"LifecycleConfiguration": {"Rules": rules}} if rules else {}
    resources = {"It": {"Type": "AWS::S3::Bucket", "Properties": properties}}
    made = bench.aws.deploy(resources, name=stack)
    return made, bench.aws.resource(made["StackName"], "It")


def test_a_template_sets_rules_and_takes_them_away(mended):
    stack, name = deployed(mended, TEMPLATE_RULES)
    objects = mended.aws.client("s3")
    found = objects.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    deployed(mended, None, stack["StackName"])

    assert found == RULES
    with pytest.raises(objects.exceptions.ClientError, match="NoSuchLifecycleConfiguration"):
        objects.get_bucket_lifecycle_configuration(Bucket=name)


def test_a_rule_that_s3_refuses_fails_the_deploy(mended):
    stack = mended.aws.deploy(
        {
            "It": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationInDays": 0}]}
                },
            }
        }
    )

    assert stack["StackStatus"].startswith("ROLLBACK")
    assert "must be a positive integer" in mended.aws.reasons(stack["StackName"])


def test_bucket_lifecycle_is_still_needed(unmended_bench):
    name = bucket(unmended_bench)
    follow(unmended_bench, name, {"ID": "a", "Status": "Enabled", "Prefix": "b/", "Expiration": {"Days": 1}})

    (found,) = unmended_bench.aws.client("s3").get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert "Prefix" not in found, "the emulator keeps the prefix of a rule of the older form"


def test_bucket_lifecycle_property_is_still_needed(unmended_bench):
    _, name = deployed(unmended_bench, TEMPLATE_RULES)
    objects = unmended_bench.aws.client("s3")

    with pytest.raises(objects.exceptions.ClientError, match="NoSuchLifecycleConfiguration"):
        objects.get_bucket_lifecycle_configuration(Bucket=name)
