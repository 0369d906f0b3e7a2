"""Which databases the local stage takes."""

from __future__ import annotations

import anyio
import pytest

from sundog.aws.embedded.capabilities import embedded_capabilities
from sundog.aws.endpoint import AwsConnection
from sundog.aws.external import ExternalCloud
from sundog.model.manifest import DatabaseEntry, Manifest, SourcePlace
from sundog.model.project import Stage
from sundog.session.cloud import StageCloud
from sundog.session.databases import EngineUnsupported, prepare_databases


def test_mysql_is_refused_by_name_before_anything_is_sent():
    entry = DatabaseEntry(
        id="backend/main",
        name="main",
        stack="local-app-backend",
        engine="mysql",
        output="SundogDatabase1",
        place=SourcePlace(file="app.py", line=7),
    )
    cloud = StageCloud(
        connection=AwsConnection(Stage(name="local", region="us-east-1"), endpoint_url="http://127.0.0.1:1"),
        capabilities=embedded_capabilities(),
        local=ExternalCloud("http://127.0.0.1:1"),
    )
    manifest = Manifest(app="app", stage="local", databases=[entry])

    with pytest.raises(EngineUnsupported) as refused:
        anyio.run(prepare_databases, cloud, manifest)

    assert refused.value.what == "Database `main` is `mysql`, which the embedded cloud does not have"
    assert str(refused.value.where) == "app.py:7"
