"""The types of a site's environment, as bundlers hand it to the code of the site: `import.meta.env`."""

from __future__ import annotations

import json

from sundog.model.manifest import UploadEntry

_HEADER = "// Written by `sundog types`; `sundog dev` keeps it up to date. Changes are lost.\n"


def site_declarations(site: UploadEntry) -> str:
    """Return the text of a site's `vite-env.d.ts`.

    It adds to the interfaces that `vite/client` declares, and stands by itself where that is not there.

    Args:
        site: The site; its `variables` are the names.
    """
    place = f"  /** Declared at {site.place.file}:{site.place.line}. */\n" if site.place else ""
    members = "".join(
        f"{place}  readonly {name if name.isidentifier() else json.dumps(name)}: string;\n"
        for name in site.variables
    )
    return (
        f"{_HEADER}interface ImportMetaEnv {{\n{members}}}\n\n"
        "interface ImportMeta {\n  readonly env: ImportMetaEnv;\n}\n"
    )
