"""From `functions/notes.list_notes` to a file and the function in it.

The part before the last dot is a path from the project root, without its suffix; the part after it is a name that the
file defines. The file decides the language. Python files are parsed, not imported: synth must not run handlers.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sundog.constructs._runtimes import LANGUAGES
from sundog.constructs.synth_worker.recording import bundle_inputs, report_missing, report_read
from sundog.errors import ConstructError, Location, suggestion

_SHAPE = re.compile(r"(?P<path>[^.][^:]*)\.(?P<function>[A-Za-z_$][A-Za-z0-9_$]*)")
_MARKERS = {"python": ("pyproject.toml", "requirements.txt"), "node": ("package.json",)}
_NODE_EXPORT = r"(?:\bexport\b[^;=(]*?\b{0}\b|\bexports\.{0}\b|\b{0}\b\s*[,:}}])"
_NODE_OPAQUE = re.compile(r"\bexport\s*\*|\bmodule\.exports\s*=")


class InvalidHandler(ConstructError):
    """A handler is not of the form `path/to/file.function`.

    Write the path from the project root with slashes and without the file's suffix, a dot, and the name of the
    function: `functions/notes.list_notes`.
    """

    code = "SD-CONSTRUCT-010"


class HandlerFileNotFound(ConstructError):
    """There is no source file at a handler's path.

    The path starts at the project root, the folder of `pyproject.toml`, wherever the app file is. Upper and lower case
    count, also on file systems that do not mind.
    """

    code = "SD-CONSTRUCT-011"


class HandlerFunctionNotFound(ConstructError):
    """A handler's file does not define the function.

    The function must be defined, assigned or imported at the top level of the file; in JavaScript and TypeScript it
    must be exported.
    """

    code = "SD-CONSTRUCT-012"


class AsyncHandler(ConstructError):
    """A Python handler is an `async def`, which Lambda does not await.

    Lambda's Python runtime calls the handler and returns what it returns, a coroutine object that was never run.
    """

    code = "SD-CONSTRUCT-013"


class HandlerSyntaxError(ConstructError):
    """A handler's file is not valid Python, found while building it for a deploy.

    In `sundog dev` the function itself reports the error when it is invoked, so that the rest of the app keeps running.
    """

    code = "SD-CONSTRUCT-014"


@dataclass(frozen=True, kw_only=True)
class Handler:
    """Where a handler's code is."""

    text: str
    """As the user wrote it."""
    language: str
    source: Path
    """Folder that is packaged: the nearest one above the file with dependencies of its own, or the project root."""
    file: Path
    function: str

    @property
    def lambda_handler(self) -> str:
        """The `Handler` property in the template: relative to the packaged folder."""
        path = self.file.relative_to(self.source).with_suffix("")
        return f"{path.as_posix()}.{self.function}"


def resolve_handler(text: object, *, root: Path, where: Location | None, strict: bool) -> Handler:
    """Find the file and the function that a handler names.

    Args:
        text: What the user wrote.
        root: The project's folder.
        where: The user's line.
        strict: Refuse a file with a syntax error too.

    Raises:
        ConstructError: It names nothing that Lambda could call; one of the classes above.
    """
    path, function = _split(text, root, where)
    file = _find_file(path, function, root, where)
    language = LANGUAGES[file.suffix]
    handler = Handler(
        text=f"{path}.{function}",
        language=language,
        source=_source_root(file, language, root),
        file=file,
        function=function,
    )
    check = _check_python if language == "python" else _check_node
    try:
        # An edit of a handler is the live session's business, so it is no reason to synthesize again …
        with bundle_inputs():
            check(handler, root, where, strict=strict)
    except ConstructError:
        # … except when the edit would mend this error.
        report_read(file)
        raise
    return handler


def _split(text: object, root: Path, where: Location | None) -> tuple[str, str]:
    form = "a handler is a path from the project root, a dot, and a function: `functions/notes.list_notes`"
    if not isinstance(text, str):
        raise InvalidHandler(
            f"a handler is a string, not `{type(text).__name__}`",
            where=where,
            why=form,
            fix="name the handler's file and function in a string; the app does not import handlers",
        )
    cleaned = text.removeprefix("./")
    if (root / cleaned).is_dir():
        raise InvalidHandler(
            f"the handler `{text}` is a folder",
            where=where,
            why=form,
            fix=f"add the file and the function: `{cleaned.rstrip('/')}/<file>.<function>`",
        )
    if cleaned.startswith("/") or ".." in Path(cleaned).parts:
        raise InvalidHandler(
            f"the handler `{text}` leaves the project",
            where=where,
            why=form,
            fix=f"write the path from `{root}`",
        )
    stem, _, suffix = cleaned.rpartition(".")
    if stem and f".{suffix}" in LANGUAGES and (root / cleaned).is_file():
        names = _functions_in(root / cleaned)
        raise InvalidHandler(
            f"the handler `{text}` names a file and no function",
            where=where,
            why=form,
            fix=f"write `{stem}.{names[0] if names else '<function>'}`",
        )
    match = _SHAPE.fullmatch(cleaned)
    if match is None:
        raise InvalidHandler(
            f"`{text}` cannot be a handler", where=where, why=form, fix=f"write `{_completed(cleaned, root)}`"
        )
    path, function = match["path"], match["function"]
    for known in LANGUAGES:
        if path.endswith(known) and (root / path).is_file():
            raise InvalidHandler(
                f"the handler `{text}` has a file suffix",
                where=where,
                why=form,
                fix=f"write `{path.removesuffix(known)}.{function}`",
            )
    return path, function


def _completed(path: str, root: Path) -> str:
    """Return a handler made of one without a function, or with another separator before it."""
    stem, colon, function = path.rpartition(":")
    if colon:
        return f"{stem}.{function}"
    names = _functions_in(root / f"{path}.py") if (root / f"{path}.py").is_file() else []
    return f"{path.rstrip('./') or 'functions/file'}.{names[0] if names else '<function>'}"


def _find_file(path: str, function: str, root: Path, where: Location | None) -> Path:
    for suffix in LANGUAGES:
        # Not is_file() alone: on a file system that does not mind the case, Lambda's would still.
        file = _spelling_on_disk(root / f"{path}{suffix}", root)
        if not file.is_file():
            continue
        found = file.relative_to(root).as_posix()
        if found != f"{path}{suffix}":
            raise HandlerFileNotFound(
                f"there is no `{path}{suffix}`, but there is `{found}`",
                where=where,
                why="upper and lower case count on Lambda",
                fix=f"write `{found.removesuffix(suffix)}.{function}`",
            )
        return file
    for suffix in LANGUAGES:
        report_missing(root / f"{path}{suffix}")
    raise _no_file(path, function, root, where)


def _no_file(path: str, function: str, root: Path, where: Location | None) -> HandlerFileNotFound:
    slashed = path.replace(".", "/")
    if slashed != path and any((root / f"{slashed}{suffix}").is_file() for suffix in LANGUAGES):
        return HandlerFileNotFound(
            f"the handler `{path}.{function}` separates folders with dots",
            where=where,
            why="handlers are paths, not module names: the file may be in any language",
            fix=f"write `{slashed}.{function}`",
        )
    if (root / path).is_dir():
        files = [file for file in sorted((root / path).glob("*.py")) if function in _functions_in(file)]
        file = files[0].stem if files else "<file>"
        return HandlerFileNotFound(
            f"`{path}` is a folder, and the handler `{path}.{function}` names no file in it",
            where=where,
            why="a handler is a path from the project root, a dot, and a function: `functions/notes.list_notes`",
            fix=f"write `{path}/{file}.{function}`",
        )
    known = [source.with_suffix("").as_posix() for source in _sources(root, path)]
    close = suggestion(path, known)
    return HandlerFileNotFound(
        f"the handler `{path}.{function}` names no file",
        where=where,
        why=f"there is no {_one_of(path)} in `{root}`",
        fix=f"write `{close}.{function}`"
        if close
        else f"create `{path}.py` with `def {function}(event, context):`",
    )


def _one_of(path: str) -> str:
    return " nor ".join(f"`{path}{suffix}`" for suffix in (".py", ".ts", ".js"))


def _spelling_on_disk(file: Path, root: Path) -> Path:
    actual = root
    for part in file.relative_to(root).parts:
        if not actual.is_dir():
            return file
        names = os.listdir(actual)  # noqa: PTH208 - names only, for every handler
        lower = part.lower()
        actual /= part if part in names else next((name for name in names if name.lower() == lower), part)
    return actual


def _sources(root: Path, path: str) -> Iterator[Path]:
    """Yield sources beside the missing one, and in the folders of the root, relative to the root."""
    folders = {root, (root / path).parent, *(entry for entry in root.iterdir() if entry.is_dir())}
    for folder in sorted(folders):
        if folder.is_dir() and not folder.name.startswith((".", "node_modules", "cdk.out")):
            yield from (
                file.relative_to(root) for file in sorted(folder.iterdir()) if file.suffix in LANGUAGES
            )


def _source_root(file: Path, language: str, root: Path) -> Path:
    for folder in file.parents:
        if folder == root:
            break
        if any((folder / marker).is_file() for marker in _MARKERS[language]):
            return folder
    return root


def _functions_in(file: Path) -> list[str]:
    if file.suffix != ".py":
        return []
    try:
        module = ast.parse(file.read_bytes(), str(file))
    except SyntaxError:
        return []
    return [node.name for node in module.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"]


def _check_python(handler: Handler, root: Path, where: Location | None, *, strict: bool) -> None:
    place = handler.file.relative_to(root).as_posix()
    try:
        module = ast.parse(handler.file.read_bytes(), str(handler.file))
    except (SyntaxError, ValueError) as error:
        if not strict:
            return
        line = getattr(error, "lineno", None)
        raise HandlerSyntaxError(
            f"`{place}` is not valid Python",
            where=Location(place, line, (getattr(error, "text", None) or "").strip() or None),
            why=getattr(error, "msg", None) or str(error),
            fix="correct that line",
        ) from error
    names = _Names()
    names.visit_body(module.body)
    definition = names.found.get(handler.function)
    if isinstance(definition, ast.AsyncFunctionDef) and not definition.decorator_list:
        raise AsyncHandler(
            f"the handler `{handler.text}` is an async function",
            where=where,
            why="Lambda's Python runtime calls a handler and does not await it",
            fix=f"make it a `def` in {place}:{definition.lineno} that calls `asyncio.run(…)`",
        )
    if handler.function in names.found or names.is_open:
        return
    close = suggestion(handler.function, names.functions)
    path = handler.text.rpartition(".")[0]
    raise HandlerFunctionNotFound(
        f"`{place}` has no function `{handler.function}`",
        where=where,
        why=f"it defines {', '.join(f'`{name}`' for name in names.functions)}" if names.functions else None,
        fix=f"write `{path}.{close}`"
        if close
        else f"add `def {handler.function}(event, context):` to `{place}`",
    )


class _Names:
    """The names that a module's top level binds, conditional blocks included."""

    def __init__(self) -> None:
        self.found: dict[str, ast.stmt] = {}
        self.functions: list[str] = []
        self.is_open = False
        """Whether names may come from elsewhere: `from x import *`, `__getattr__`."""

    def visit_body(self, body: list[ast.stmt]) -> None:
        for node in body:
            self._visit(node)

    def _visit(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                self._bind(name, node)
                self.is_open |= name == "__getattr__"
                if not isinstance(node, ast.ClassDef) and not name.startswith("_"):
                    self.functions.append(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    self.is_open |= alias.name == "*"
                    self._bind((alias.asname or alias.name).partition(".")[0], node)
            case ast.Assign(targets=targets):
                for target in targets:
                    self._bind_target(target, node)
            case ast.AnnAssign(target=target):
                self._bind_target(target, node)
            case _:
                for block in ("body", "orelse", "finalbody"):
                    self.visit_body(getattr(node, block, []))
                for clause in getattr(node, "handlers", []):
                    self.visit_body(clause.body)

    def _bind(self, name: str, node: ast.stmt) -> None:
        self.found[name] = node

    def _bind_target(self, target: ast.expr, node: ast.stmt) -> None:
        for child in ast.walk(target):
            if isinstance(child, ast.Name):
                self._bind(child.id, node)


def _check_node(handler: Handler, root: Path, where: Location | None, *, strict: bool) -> None:
    del strict  # esbuild reports syntax errors, with their place, when it builds
    text = handler.file.read_text("utf-8", errors="replace")
    pattern = _NODE_EXPORT.format(re.escape(handler.function))
    if re.search(pattern, text) or _NODE_OPAQUE.search(text):
        return
    place = handler.file.relative_to(root).as_posix()
    names = re.findall(r"\bexport\s+(?:async\s+)?(?:const|let|var|function\*?)\s+([A-Za-z_$][\w$]*)", text)
    close = suggestion(handler.function, names)
    path = handler.text.rpartition(".")[0]
    raise HandlerFunctionNotFound(
        f"`{place}` does not export `{handler.function}`",
        where=where,
        why=f"it exports {', '.join(f'`{name}`' for name in names)}" if names else None,
        fix=f"write `{path}.{close}`" if close else f"export a function `{handler.function}` from `{place}`",
    )
