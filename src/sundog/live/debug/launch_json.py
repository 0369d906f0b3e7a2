"""What `.vscode/` needs for F5: `launch.json` with what to attach to, `tasks.json` with what to start before."""

from __future__ import annotations

import json

DEFAULT_DEBUG_PORT = 9310
"""The port of `sundog dev --debug`, and of the files in `.vscode/`."""
READY_TEXT = "Debugger listens on"
"""What `sundog dev --debug` says when editors can attach; the task in `tasks.json` waits for it."""

_TASK = "sundog dev --debug"


def launch_json(*, node: bool = True, port: int = DEFAULT_DEBUG_PORT) -> str:
    """Return the text of `.vscode/launch.json`.

    Args:
        node: Whether the app has handlers in TypeScript or JavaScript.
        port: The port of `sundog dev --debug`.
    """
    python = {
        "name": "Python handlers",
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": "127.0.0.1", "port": port},
        "subProcess": True,
        "justMyCode": True,
        "presentation": {"hidden": True},
    }
    javascript = {
        "name": "TypeScript handlers",
        "type": "node",
        "request": "attach",
        "address": "127.0.0.1",
        "port": port,
        "autoAttachChildProcesses": False,
        "skipFiles": ["<node_internals>/**", "**/sundog/live/node/client/**"],
        "outFiles": ["${workspaceFolder}/.sundog/**/*.mjs"],
        "resolveSourceMapLocations": ["${workspaceFolder}/.sundog/**"],
        "presentation": {"hidden": True},
    }
    configurations = [python, javascript] if node else [python]
    names = [configuration["name"] for configuration in configurations]
    document = {
        "version": "0.2.0",
        "configurations": configurations,
        "compounds": [
            {
                "name": "sundog dev",
                "configurations": names,
                "preLaunchTask": _TASK,
                "stopAll": True,
            },
            {
                "name": "attach to a running sundog dev --debug",
                "configurations": names,
                "stopAll": True,
            },
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def tasks_json(*, command: str = "sundog", port: int = DEFAULT_DEBUG_PORT) -> str:
    """Return the text of `.vscode/tasks.json`.

    Args:
        command: How the project starts sundog, such as `uv run sundog`.
        port: The port of `sundog dev --debug`.
    """
    task = {
        "label": _TASK,
        "type": "shell",
        "command": f"{command} dev --debug --debug-port {port}",
        "isBackground": True,
        "problemMatcher": {
            "owner": "sundog",
            # No line of output is a problem to list; only the beginning and the end of starting matter.
            "pattern": {"regexp": "^(?!)", "file": 1, "location": 2, "message": 3},
            "background": {
                "activeOnStart": True,
                "beginsPattern": "^(?!)",
                "endsPattern": READY_TEXT,
            },
        },
        "presentation": {"panel": "dedicated", "reveal": "always"},
    }
    return json.dumps({"version": "2.0.0", "tasks": [task]}, indent=2) + "\n"
