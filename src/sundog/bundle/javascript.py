"""Packaging JavaScript and TypeScript functions: one ECMAScript module made by esbuild, and its source map.

Everything that the handler imports is bundled, except what Lambda's Node runtimes bring (`@aws-sdk/*`) and what the
user's `external` names. The module stands where the `Handler` property looks for it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

from sundog.bundle.esbuild_install import esbuild_binary
from sundog.bundle.node_runtime import node_runtime_flags
from sundog.bundle.options import BuildOptions, read_options
from sundog.bundle.request import BundleRequest, declared_at
from sundog.bundle.warm_entry import warm_entry
from sundog.errors import BundleError, Location, SeveralErrors, SundogError
from sundog.model.manifest import FunctionEntry
from sundog.model.programs import run_program

ON_LAMBDA = ("@aws-sdk/*", "@smithy/*")
"""What Lambda's Node runtimes bring."""

# CommonJS packages inside an ECMAScript module expect these names. As globals they do not collide with a handler that
# declares its own, as `const require = createRequire(import.meta.url)` does.
BANNER = (
    'import{createRequire as __sundogRequire}from"node:module";'
    "globalThis.require??=__sundogRequire(import.meta.url);"
    "globalThis.__filename??=import.meta.filename;globalThis.__dirname??=import.meta.dirname;"
)
_UNRESOLVED = re.compile(r'Could not resolve "(?P<name>[^"]+)"')
_MESSAGE = re.compile(r"^(?:[✘X] )?\[ERROR\] (?P<text>.*)$")
_PLACE = re.compile(r"^ {4}(?P<file>.+?):(?P<line>\d+):(?P<column>\d+):$")
_QUOTE = re.compile(r"^ {6}(?P<line>\d+) [│|] (?P<text>.*)$")
_SHOWN = 20


class CodeDoesNotBuild(BundleError):
    """esbuild cannot build a JavaScript or TypeScript handler: a syntax error, or an import that leads nowhere."""

    code = "SD-BUNDLE-020"


class PackageNotInstalled(BundleError):
    """A JavaScript or TypeScript handler imports a package that is not in `node_modules`."""

    code = "SD-BUNDLE-021"


class Options(BuildOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`Function(…, build={…})`; the names and meanings are esbuild's.

    A Python function may have them too, from the defaults of its app, and nothing comes of them.
    """

    minify: bool = False
    external: list[str] = []
    define: dict[str, str] = {}
    loader: dict[str, str] = {}
    alias: dict[str, str] = {}
    inject: list[str] = []
    conditions: list[str] = []
    tsconfig: str | None = None
    target: str | None = None
    banner: str = ""
    sourcemap: bool = True


def build_node(request: BundleRequest, staging: Path) -> None:
    """Fill a folder with the code of a JavaScript or TypeScript function.

    Raises:
        BundleError: It does not build.
        UnknownBuildOption: `build` has an option of another name.
    """
    entry = request.entry
    options = read_options(entry.build, declared_at(entry), Options)
    binary = esbuild_binary(request.progress, request.environ)
    module = Path(entry.file).relative_to(entry.source).with_suffix(".mjs")
    output = staging / module
    warm = warm_entry(entry) if entry.warm else None
    finished = run_program(
        [
            binary,
            # Without an entry file, esbuild takes what stands on its standard input.
            *(("--loader=ts",) if warm else (f"./{entry.file}",)),
            f"--outfile={output}",
            "--log-level=error",
            *bundle_flags(entry, options, request.project_root),
        ],
        folder=request.project_root,
        environ=request.environ,
        text=warm or "",
        apart=True,
    )
    _relocate(output.with_suffix(".mjs.map"), request.project_root)
    if finished.status:
        errors = build_errors(finished.errors, request.project_root)
        raise errors[0] if len(errors) == 1 else SeveralErrors(errors)


def _relocate(source_map: Path, root: Path) -> None:
    """Name sources relative to the project: not to the folder of this build, which is another one every time."""
    if not source_map.is_file():
        return
    content = json.loads(source_map.read_bytes())
    # They are URLs: esbuild writes `é` as `%C3%A9`.
    full = [os.path.normpath(source_map.parent / unquote(name)) for name in content["sources"]]
    content["sources"] = [quote(os.path.relpath(name, os.path.realpath(root))) for name in full]
    source_map.write_text(json.dumps(content, separators=(",", ":")), "utf-8")


def bundle_flags(entry: FunctionEntry, options: Options, root: Path) -> list[str]:
    """Return what tells esbuild how to bundle a function as it is deployed, without where its input and output are."""
    return [
        "--bundle",
        "--platform=node",
        "--format=esm",
        "--main-fields=module,main",
        f"--target={options.target or _target(entry.runtime)}",
        f"--banner:js={BANNER}{options.banner}",
        "--keep-names",
        "--log-limit=0",
        "--color=false",
        *(f"--external:{name}" for name in ON_LAMBDA),
        *node_runtime_flags(root),
        *_flags(options),
    ]


def _target(runtime: str) -> str:
    digits = "".join(character for character in runtime if character.isdigit())
    return f"node{digits}"


def _flags(options: Options) -> list[str]:
    flags = ["--sourcemap=linked", "--sources-content=false"] if options.sourcemap else []
    flags += ["--minify"] if options.minify else []
    flags += [f"--external:{name}" for name in options.external]
    for name, values in (("define", options.define), ("loader", options.loader), ("alias", options.alias)):
        flags += [f"--{name}:{key}={value}" for key, value in values.items()]
    flags += [f"--inject:{file}" for file in options.inject]
    flags += [f"--conditions={','.join(options.conditions)}"] if options.conditions else []
    flags += [f"--tsconfig={options.tsconfig}"] if options.tsconfig else []
    return flags


def build_errors(output: str, root: Path) -> list[SundogError]:
    """Return the errors that esbuild printed, at least one.

    Args:
        output: Its standard error, without colours.
        root: Where it ran; the files in its messages are relative to it.
    """
    found: list[SundogError] = []
    text: str | None = None
    location: Location | None = None
    column = 0
    notes: list[str] = []
    for line in [*output.splitlines(), "[ERROR] "]:
        if message := _MESSAGE.match(line):
            if text is not None:
                found.append(build_error(text, location, column, notes))
            text, location, column, notes = message["text"], None, 0, []
        elif location is None and (place := _PLACE.match(line)):
            location, column = Location(place["file"], int(place["line"])), int(place["column"])
        elif location is not None and location.text is None and (quote := _QUOTE.match(line)):
            location = Location(location.file, location.line, quote["text"].strip())
        elif line.strip() and not set(line.strip()) <= set("│╵~^| "):
            notes.append(line.strip())
    return found[:_SHOWN] or [
        CodeDoesNotBuild("esbuild failed", where=str(root), details=output.strip().splitlines()[-_SHOWN:])
    ]


def build_error(text: str, location: Location | None, column: int, notes: Iterable[str]) -> SundogError:
    """Return the error for one message of esbuild.

    Args:
        text: The message.
        location: Where, relative to the project.
        column: Counted from 0.
        notes: What esbuild says besides.
    """
    details = [] if location is None else [f"at {location.file}:{location.line}:{column + 1}"]
    details += [note for note in notes if "platform" not in note and "external" not in note]
    if unresolved := _UNRESOLVED.search(text):
        name = unresolved["name"]
        if not name.startswith((".", "/", "#")):
            package = "/".join(name.split("/")[: 2 if name.startswith("@") else 1])
            return PackageNotInstalled(
                f"the handler imports `{name}`, which is not installed",
                where=location,
                fix=f"run `npm install {package}`",
                details=details,
            )
        return CodeDoesNotBuild(
            f"the import `{name}` leads to no file", where=location, fix="correct the path", details=details
        )
    return CodeDoesNotBuild(text.removesuffix("."), where=location, fix="correct that line", details=details)
