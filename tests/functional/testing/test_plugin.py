"""What a user's tests can do with `sundog_app`, run by a pytest of their own."""

from __future__ import annotations

import json
import re

GOOD = """
    import os

    import boto3
    from sundog.testing import wait_until
    from sundog_runtime import resources


    def test_a_route_a_queue_and_a_table(sundog_app, note):
        item = wait_until(
            lambda: resources.notes.table.get_item(Key={"id": "1"})["Item"].get("reminded"), "the reminder"
        )
        assert item is True
        (seen,) = sundog_app.invocations("remind")
        assert seen.trigger.label == "queue reminders"


    def test_data_is_gone_and_only_the_embedded_cloud_is_reached(fresh_sundog_app):
        assert resources.notes.table.scan()["Items"] == []
        assert boto3.client("sts").get_caller_identity()["Account"] == "000000000000"
        assert "AWS_PROFILE" not in os.environ


    def test_a_real_message(fresh_sundog_app):
        mark = fresh_sundog_app.mark()
        fresh_sundog_app.send_message("reminders", {"id": "7"})
        assert fresh_sundog_app.wait_for_invocation("remind", since=mark).ok
        assert resources.notes.table.get_item(Key={"id": "7"})["Item"]["reminded"]


    def test_a_handler_called_in_the_process_of_the_test(fresh_sundog_app):
        from functions import notes

        event = {"pathParameters": {"id": "9"}, "body": '{"title": "here"}'}
        assert notes.put(event, None)["statusCode"] == 201
        assert resources.notes.table.get_item(Key={"id": "9"})["Item"]["title"] == "here"


    def test_the_template(sundog_app):
        assert sundog_app.template("backend").count("AWS::SQS::Queue") == 1
        sundog_app.template("backend").has(
            "AWS::DynamoDB::Table", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}]
        )
"""

FAILING = """
    def test_it_fails(fresh_sundog_app):
        assert fresh_sundog_app.request("PUT", "/notes/1", json={"title": ""}).status == 201


    def test_a_name_is_wrong(sundog_app):
        sundog_app.send_message("reminder", {"id": "1"})
"""


def test_tests_of_an_app_pass_on_the_embedded_cloud_and_leave_the_developers_data_alone(shop):
    shop.write("tests/test_good.py", GOOD)
    done = shop.pytest("tests/test_good.py", "-o", "pythonpath=.", AWS_PROFILE="production")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    assert not (shop.root / ".sundog/local").exists()


def test_a_failure_shows_what_the_handlers_did(shop):
    shop.write("tests/test_failing.py", FAILING)
    done = shop.pytest("tests/test_failing.py")

    assert done.returncode == 1
    report = done.stdout.partition("functions during the test")[2]
    assert "a note without a title" in report, done.stdout
    assert "ValueError: no title" in report
    assert "functions/notes.py" in report
    assert "UnknownPart: the app has no Queue `reminder`" in done.stdout
    assert re.search(r"E +why: it has reminders\nE +fix: write `reminders`\n", done.stdout)


def test_an_app_that_is_wrong_is_told_without_a_traceback(make_project):
    broken = make_project()
    broken.write("app.py", 'from sundog import App\napp = App()\nprint("x" + 1)\n')
    broken.write("tests/test_any.py", "def test_any(sundog_app): pass\n")
    done = broken.pytest("tests")

    assert done.returncode == 1
    assert "app.py:3" in done.stdout, done.stdout
    assert "Traceback" not in done.stdout
    assert "starting.py" not in done.stdout


def test_parallel_workers_have_apps_of_their_own_and_their_coverage_adds_up(shop):
    shop.write(
        "tests/test_parallel.py",
        """
        import pytest
        from sundog_runtime import resources

        @pytest.mark.parametrize("number", range(4))
        def test_alone(fresh_sundog_app, number):
            resources.notes.table.put_item(Item={"id": str(number)})
            assert [item["id"] for item in resources.notes.table.scan()["Items"]] == [str(number)]

        @pytest.mark.xdist_group("one")
        def test_one_way_through_the_handler(fresh_sundog_app):
            assert fresh_sundog_app.request("PUT", "/notes/1", json={"title": "tea"}).status == 201

        @pytest.mark.xdist_group("two")
        def test_the_other(fresh_sundog_app):
            assert fresh_sundog_app.request("PUT", "/notes/1", json={"title": ""}).status == 500
        """,
    )
    options = ("-n", "2", "--dist", "loadgroup", "--cov=functions", "--cov-report=json")
    done = shop.pytest("tests/test_parallel.py", *options)

    assert "6 passed" in done.stdout, done.stdout + done.stderr
    missing = missing_lines(shop)
    assert 'return "never"' in missing
    assert not missing & {'raise ValueError("no title")', "resources.notes.table.put_item(Item=note)"}
    assert sorted(path.name for path in (shop.root / ".sundog/tests").iterdir()) == ["1", "2"]


def missing_lines(shop):
    """The lines of the handlers that the last measured run did not reach."""
    lines = (shop.root / "functions/notes.py").read_text().splitlines()
    report = json.loads((shop.root / "coverage.json").read_text())["files"]["functions/notes.py"]
    return {lines[number - 1].strip() for number in report["missing_lines"]}


def test_coverage_counts_the_lines_that_handlers_ran(shop):
    shop.write("tests/test_covered.py", "def test_it(note): pass\n")
    done = shop.pytest("tests/test_covered.py", "--cov=functions", "--cov-branch", "--cov-report=json")
    assert done.returncode == 0, done.stdout + done.stderr
    missing = missing_lines(shop)

    assert 'return "never"' in missing
    assert 'raise ValueError("no title")' in missing
    assert 'return {"statusCode": 201, "body": json.dumps(note)}' not in missing


def test_coverage_run_and_combine_do_the_same(shop):
    shop.write("tests/test_covered.py", "def test_it(note): pass\n")
    shop.write(".coveragerc", "[run]\nparallel = true\nsource = functions\n")
    ran = shop.run("coverage", "run", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_covered.py")
    combined = shop.run("coverage", "combine")
    report = shop.run("coverage", "report", "--show-missing")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert combined.returncode == 0, combined.stdout
    (percent,) = re.findall(r"functions/notes\.py .* (\d+)%", report.stdout)
    assert 50 < int(percent) < 100
