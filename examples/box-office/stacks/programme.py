"""What is played: a table that deploys fill from season.toml, and a GraphQL API for whoever lists our shows."""

import tomllib
from pathlib import Path

from sundog import AppSyncApi, Script, Table

SEASON = Path(__file__).parent.parent / "season.toml"


def programme(stack):
    shows = Table(stack, "shows", partition_key=("showId", "string"))

    Script(
        stack,
        "season",
        on_create="functions/programme.load",
        on_update="functions/programme.load",
        params=tomllib.loads(SEASON.read_text("utf-8")),
        bind=[shows.write_only],
    )

    listings = AppSyncApi(
        stack,
        "listings",
        schema="schema.graphql",
        data_sources={"table": {"type": "dynamodb", "table": shows}},
        resolvers={
            "Query shows": {"handler": "functions/programme.listed", "bind": [shows.read_only]},
            "Query show": {"source": "table", "code": "resolvers/show.js"},
        },
    )
    stack.outputs(ListingsUrl=listings.url, ListingsKey=listings.api_key)
    return shows
