"""Static sites: what a browser gets from the distribution, and what an edit changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sundog.errors import BundleError
from sundog.model.events import SiteOutput, UploadFinished

pytestmark = pytest.mark.xdist_group("apps-sites")


@pytest.fixture(scope="module")
def app(start_app):
    with start_app(Path(__file__).parent / "sites") as running:
        yield running


@pytest.fixture
def get(app):
    """Fetches a page of a site, as a browser does."""
    return lambda site, path: app.request("GET", path, api=site)


def uploads(app, name, since=0):
    return [
        event for event in app.uploads[since:] if isinstance(event, UploadFinished) and event.name == name
    ]


def test_the_index_page_has_the_address_of_the_api(app, get):
    page = get("plain", "/")

    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "max-age=0" in page.headers["cache-control"]
    assert f'href="{app.url()}"' in page.text
    assert "{{ OTHER }}" in page.text


def test_pages_are_found_without_their_suffix_and_others_are_not(get):
    assert get("plain", "/about").text == "about us\n"
    missing = get("plain", "/none")
    assert (missing.status, missing.text) == (404, "nothing here\n")


def test_files_are_served_as_the_rules_say(get):
    notes = get("plain", "/assets/old.txt")

    assert notes.headers["content-type"] == "text/x-notes"
    assert notes.headers["cache-control"] == "max-age=60"


def test_a_distribution_that_exists_serves_the_site(app):
    answer = app.request("GET", app.output("Own") + "/assets/old.txt")

    assert (answer.status, answer.text) == (200, (app.root / "web/assets/old.txt").read_text())


def test_a_site_is_built_with_its_environment(app, get):
    page = get("built", "/")

    assert page.text == f"<title>Built</title><script>api = '{app.url()}'</script>\n"
    assert get("built", "/about/").text == "about\n"
    assert get("built", "/some/route/of/the/app").text == page.text
    assert "immutable" in get("built", "/app-0123abcd.js").headers["cache-control"]
    assert f"building for {app.url()}" in [
        event.text for event in app.uploads if isinstance(event, SiteOutput)
    ]


def test_an_edit_is_the_only_file_sent_again_and_a_removed_file_goes(app, get):
    (app.root / "web/assets/extra.txt").write_text("extra")
    app.deploy()
    assert get("plain", "/assets/extra.txt").text == "extra"
    mark = len(app.uploads)
    (app.root / "web/assets/extra.txt").unlink()
    (app.root / "web/about.html").write_text("about them\n")
    try:
        app.deploy()

        (upload,) = uploads(app, "plain", mark)
        assert (upload.uploaded, upload.removed, upload.unchanged) == (1, 1, 3)
        assert get("plain", "/about").text == "about them\n"
        assert get("plain", "/assets/extra.txt").status == 404
    finally:
        (app.root / "web/about.html").write_text("about us\n")
        app.deploy()


def test_a_build_that_fails_says_so_with_its_last_lines(app, get):
    script = app.root / "source/build.sh"
    good = script.read_text()
    script.write_text("echo no such component >&2\nexit 3\n")
    try:
        with pytest.raises(BundleError) as failed:
            app.deploy()
    finally:
        script.write_text(good)

    assert failed.value.where.file == "app.py"
    assert failed.value.why == "`sh build.sh` ended with status 3"
    assert failed.value.details == ("no such component",)
    assert get("built", "/").status == 200


def test_the_contents_of_a_bucket_are_uploaded_and_leave_other_objects_alone(app):
    bucket, storage = app.outputs["frontend"]["Files"], app.client("s3")

    def content(key):
        return storage.get_object(Bucket=bucket, Key=key)["Body"].read()

    assert content("deep/prices.csv") == b"tea,3\n"
    storage.put_object(Bucket=bucket, Key="theirs", Body=b"stays")
    (app.root / "files/deep/prices.csv").write_text("tea,4\n")
    app.deploy()

    assert content("deep/prices.csv") == b"tea,4\n"
    assert content("theirs") == b"stays"


def test_a_reset_leaves_what_the_deploy_has_put_there_and_nothing_else(app, get):
    bucket, storage, about = app.physical_id("files"), app.client("s3"), get("plain", "/about").text
    app.put_object("files", "added", "by a test")
    app.put_object("files", "deep/prices.csv", "spoilt by a test")
    mark = len(app.uploads)

    app.reset()

    keys = [one["Key"] for one in storage.list_objects_v2(Bucket=bucket)["Contents"]]
    prices = storage.get_object(Bucket=bucket, Key="deep/prices.csv")["Body"].read()
    assert keys == [
        path.relative_to(app.root / "files").as_posix() for path in sorted_files(app.root / "files")
    ]
    assert prices == (app.root / "files/deep/prices.csv").read_bytes()
    assert get("plain", "/about").text == about
    # Sites were as the deploy had left them: nothing of them was built or sent again.
    assert [event.name for event in app.uploads[mark:]] == ["files"]


def sorted_files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())
