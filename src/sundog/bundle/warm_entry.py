"""The module that stands before a Node handler which is kept warm: answers the warmer, and passes on everything else."""

from __future__ import annotations

import json

from sundog.model.manifest import FunctionEntry
from sundog.model.warmer import WARMER_KEY

# Lambda reads from the function itself how to call it: symbols say that it streams, its length whether it takes a callback.
# So the wrapper has the same, and returns what the handler returns without touching it.
_WRAPPER = """\
import * as userModule from {file};
export * from {file};
const handler = userModule[{name}];
const environment = `${{process.pid}}-${{Date.now()}}-${{Math.random()}}`;
const answer = async (warmer, context) => {{
  await new Promise((resolve) => setTimeout(resolve, warmer.delay_ms));
  const told = {{ environment }};
  if (typeof context?.write === "function") context.end(JSON.stringify(told));
  return told;
}};
const wrapped = (event, ...rest) =>
  event?.[{key}] && Object.keys(event).length === 1 ? answer(event[{key}], rest[0]) : handler(event, ...rest);
for (const symbol of Object.getOwnPropertySymbols(handler)) wrapped[symbol] = handler[symbol];
Object.defineProperty(wrapped, "length", {{ value: handler.length }});
export {{ wrapped as {name_as_is} }};
"""


def warm_entry(entry: FunctionEntry) -> str:
    """Return the JavaScript that a function is bundled from instead of its own file."""
    return _WRAPPER.format(
        file=json.dumps(f"./{entry.file}"),
        name=json.dumps(entry.function),
        key=json.dumps(WARMER_KEY),
        name_as_is=entry.function,
    )
