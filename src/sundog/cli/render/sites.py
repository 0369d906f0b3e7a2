"""What the builds and the dev servers of sites say."""

from __future__ import annotations

import re

from sundog.cli.render.output import Line, line
from sundog.model.events import SiteOutput, SiteServed

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-Z\\-_]|[\x00-\x08\x0b-\x1f]")
"""Colours and movements of the cursor: another program's, for a terminal that it does not have to itself."""


def site_output(event: SiteOutput) -> list[Line]:
    """Show a line of a site's build or dev server, behind the site's name."""
    text = _CONTROL.sub("", event.text).rstrip()
    return [line((f"{event.site} │ ", "dim"), text)] if text else []


def site_served(event: SiteServed) -> list[Line]:
    """Say where a dev server answers."""
    return [line(("➜ ", "green"), (event.site, "bold"), "  ", (event.url, "cyan"))]
