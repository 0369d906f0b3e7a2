"""What `import sundog` offers."""

from __future__ import annotations

import sundog


def test_the_public_list_is_exact():
    assert sundog.__all__ == [
        "Alarm",
        "Api",
        "App",
        "AppSyncApi",
        "Auth",
        "Bucket",
        "Cognito",
        "Cron",
        "Database",
        "EventBus",
        "Function",
        "FunctionProps",
        "Job",
        "KinesisStream",
        "Parameter",
        "Queue",
        "RestApi",
        "Script",
        "Secret",
        "Stack",
        "StaticSite",
        "Table",
        "Topic",
        "WebSocketApi",
    ]
    assert [name for name in sundog.__all__ if not hasattr(sundog, name)] == []
