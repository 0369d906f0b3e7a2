"""The files of an upload, with the headers that they are served with."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath

import msgspec

from sundog.deploy.assets import files_below
from sundog.model.manifest import FileRule, UploadEntry

LEFT_OUT = frozenset({".DS_Store", ".git", ".gitignore", ".sundog", "Thumbs.db", "node_modules"})
NEVER_OLD = "public, max-age=31536000, immutable"
ALWAYS_ASKED = "public, max-age=0, s-maxage=31536000, must-revalidate"
"""Browsers ask each time; CloudFront keeps it until the next deploy tells it to forget."""

_FILLED = frozenset({".html", ".htm", ".js", ".mjs", ".json", ".webmanifest", ".xml", ".txt"})
_PLACEHOLDER = re.compile(rb"\{\{ ([A-Za-z_][A-Za-z0-9_]*) \}\}")
_HASH_PART = re.compile(r"[-._]([A-Za-z0-9_-]{8,})\.[A-Za-z0-9.]+$")
_FURTHER_TYPES = {
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
_TEXT = ("text/", "application/json", "application/manifest+json", "application/xml", "image/svg+xml")


class UploadFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file as it is to be in the bucket."""

    key: str
    path: Path
    content: bytes | None
    """When it differs from the file's: placeholders are filled in."""
    etag: str
    """S3's own name for the content: its MD5."""
    content_type: str
    cache_control: str | None

    @property
    def is_page(self) -> bool:
        """Whether it may refer to other files, which should be there before it."""
        return self.content_type.startswith("text/html")


def read_files(root: Path, entry: UploadEntry, environment: Mapping[str, str]) -> list[UploadFile]:
    """Return the files of an upload.

    Args:
        root: Folder of the project.
        entry: Which upload.
        environment: Fills in `{{ NAME }}` in the files of a site that is not built: a build has seen them already.
    """
    folder = root / entry.folder
    filled = {} if entry.build_command else environment
    found = []
    for path in files_below(folder):
        relative = path.relative_to(folder)
        if LEFT_OUT.isdisjoint(relative.parts):
            found.append(_file(path, relative.as_posix(), entry, filled))
    return found


def _file(path: Path, name: str, entry: UploadEntry, environment: Mapping[str, str]) -> UploadFile:
    content, etag = None, ""
    if environment and path.suffix.lower() in _FILLED:
        original = path.read_bytes()
        content = _PLACEHOLDER.sub(lambda found: _value(found, environment), original)
        content = None if content == original else content
    if content is None:
        with path.open("rb") as stream:
            etag = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    else:
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    rule = rule_for(name, entry.rules)
    cache_control = rule.cache_control if rule else None
    if cache_control is None and entry.is_site:
        cache_control = NEVER_OLD if is_named_by_content(name) else ALWAYS_ASKED
    return UploadFile(
        key=f"{entry.prefix}{name}",
        path=path,
        content=content,
        etag=etag,
        content_type=(rule.content_type if rule else None) or content_type_of(name),
        cache_control=cache_control,
    )


def _value(found: re.Match[bytes], environment: Mapping[str, str]) -> bytes:
    value = environment.get(found[1].decode())
    return found[0] if value is None else value.encode()


def content_type_of(name: str) -> str:
    """Return the `Content-Type` of a file by its name, the same on every machine.

    Example:
        >>> content_type_of("index.html")
        'text/html; charset=utf-8'
    """
    suffix = PurePosixPath(name).suffix.lower()
    kind = _FURTHER_TYPES.get(suffix) or _built_in_types().guess_type(f"a{suffix}")[0]
    if kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith(_TEXT) else kind


@lru_cache(maxsize=1)
def _built_in_types() -> mimetypes.MimeTypes:
    # Python's own list alone: the system's differs from machine to machine.
    return mimetypes.MimeTypes(filenames=())


def is_named_by_content(name: str) -> bool:
    """Say whether a file's name has a hash of its content in it, as bundlers write: its content never changes then.

    A hash has eight characters or more, letters and digits, and is hexadecimal or in mixed case: `app-9f86d081.js`,
    `index-BdH3x9Qz.css`, but not `my-component.js` or `report-20260101.pdf`. Pages never have one.
    """
    found = _HASH_PART.search(PurePosixPath(name).name)
    if found is None or name.endswith((".html", ".htm")):
        return False
    part = found[1].rpartition("-")[2] if len(found[1].rpartition("-")[2]) >= 8 else found[1]
    if not (any(one.isdigit() for one in part) and any(one.isalpha() for one in part)):
        return False
    is_hexadecimal = re.fullmatch(r"[0-9a-f]+", part) is not None
    return is_hexadecimal or (part.lower() != part and part.upper() != part)


def rule_for(name: str, rules: Iterable[FileRule]) -> FileRule | None:
    """Return the last rule whose pattern fits a file."""
    fitting = [rule for rule in rules if _pattern(rule.files).fullmatch(name)]
    return fitting[-1] if fitting else None


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    """Compile a pattern: `*` stays within a folder, `**` does not, and one without a slash is for any folder."""
    return re.compile("".join(_pieces(glob if "/" in glob else f"**/{glob}")))


def _pieces(glob: str) -> Iterator[str]:
    for piece in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", glob.lstrip("/")):
        match piece:
            case "**/":
                yield "(?:.*/)?"
            case "**":
                yield ".*"
            case "*":
                yield "[^/]*"
            case "?":
                yield "[^/]"
            case _:
                yield re.escape(piece)
