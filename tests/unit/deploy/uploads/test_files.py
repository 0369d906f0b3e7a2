"""How files of a site are named, typed and cached."""

from __future__ import annotations

import pytest

from sundog.deploy.uploads.files import content_type_of, is_named_by_content, rule_for
from sundog.model.manifest import FileRule


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("app.js.map", "application/json; charset=utf-8"),
        ("site.webmanifest", "application/manifest+json; charset=utf-8"),
        ("logo.svg", "image/svg+xml; charset=utf-8"),
        ("photo.JPG", "image/jpeg"),
        ("font.woff2", "font/woff2"),
        ("module.wasm", "application/wasm"),
        ("LICENSE", "application/octet-stream"),
    ],
)
def test_content_types_do_not_depend_on_the_machine(name, kind):
    assert content_type_of(name) == kind


@pytest.mark.parametrize(
    "name",
    [
        "app-9f86d081.js",
        "assets/index-BdH3x9Qz.css",
        "main.3f2a9c1b.chunk.js",
        "static/a.1b2c3d4e5f607182.woff2",
    ],
)
def test_names_with_a_hash_of_the_content_are_known(name):
    assert is_named_by_content(name)


@pytest.mark.parametrize(
    "name",
    [
        "app.js",
        "bootstrap-5.min.js",
        "my-component.js",
        "jquery-migrate.js",
        "report-20260101.pdf",
        "post-0a1b2c3d.html",
    ],
)
def test_other_names_are_never_cached_for_ever(name):
    assert not is_named_by_content(name)


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("*.pdf", ["a.pdf", "x/y/a.pdf"], ["a.pdf.html"]),
        ("assets/*", ["assets/a.js"], ["assets/x/a.js", "my/assets/a.js"]),
        ("assets/**", ["assets/a.js", "assets/x/a.js"], ["assets.js"]),
        ("**/fonts/*.woff2", ["fonts/a.woff2", "x/y/fonts/a.woff2"], ["fonts/x/a.woff2"]),
        ("page?.html", ["page1.html"], ["page10.html"]),
    ],
)
def test_patterns(pattern, fitting, others):
    rules = [FileRule(files=pattern)]

    assert [name for name in [*fitting, *others] if rule_for(name, rules)] == fitting


def test_the_last_rule_that_fits_counts():
    rules = [FileRule(files="*", cache_control="a"), FileRule(files="*.css", cache_control="b")]

    assert [rule_for(name, rules).cache_control for name in ("x.css", "x.js")] == ["b", "a"]
