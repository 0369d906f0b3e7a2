"""Write docs/constructs/reference/ from the docstrings and signatures of the constructs.

With --check nothing is written; it fails when a page is out of date. The sources are read, not imported: the CDK is not
needed.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src"
FOLDER = ROOT / "docs" / "constructs" / "reference"
NOT_SHOWN = ("self", "scope", "id")
"""Every construct's first; the page of constructs explains them once."""
HINT = "run scripts/generate-construct-reference"


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a construct, or one field of settings."""

    name: str
    kind: str
    default: str
    text: str

    def row(self) -> str:
        """Return its line of the table."""
        default = f"`{self.default}`" if self.default else "needed"
        return f"| `{self.name}` | `{_in_table(self.kind)}` | {default} | {_in_table(self.text)} |"


@dataclass(frozen=True, kw_only=True)
class Construct:
    """What a page is made of."""

    name: str
    file: Path
    summary: str
    example: str
    arguments: list[Argument]

    def page(self) -> str:
        """Return the page as Markdown."""
        rows = "\n".join(argument.row() for argument in self.arguments)
        table = f"| argument | type | default | |\n| --- | --- | --- | --- |\n{rows}\n" if rows else ""
        example = f"\n```python\n{self.example}\n```\n" if self.example else ""
        source = self.file.relative_to(ROOT).as_posix()
        return (
            f"# {self.name}: reference\n\n"
            f"Written by `scripts/generate-construct-reference` from [`{source}`](../../../{source}); not edited by hand.\n\n"
            f"{self.summary}\n\n{table}{example}"
        )


def constructs() -> Iterator[Construct]:
    """Read everything that `sundog` exports."""
    package = ast.parse((SOURCES / "sundog" / "__init__.py").read_text("utf-8"))
    modules = next(
        ast.literal_eval(node.value)
        for node in package.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_MODULES"
    )
    for name, module in sorted(modules.items()):
        file = (SOURCES / Path(*module.split("."))).with_suffix(".py")
        tree = ast.parse(file.read_text("utf-8"))
        found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
        if found:
            yield _construct(found[0], file, _constants(tree))


def _constants(tree: ast.Module) -> dict[str, str]:
    """Return the values of a module's constants, as they are written."""
    return {
        ast.unparse(node.targets[0]): ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }


def _construct(node: ast.ClassDef, file: Path, constants: dict[str, str]) -> Construct:
    summary, texts, example = _docstring(ast.get_docstring(node) or "")
    return Construct(
        name=node.name,
        file=file,
        summary=summary,
        example=example,
        arguments=[
            replace(argument, default=constants.get(argument.default, argument.default))
            for argument in _arguments(node, texts)
        ],
    )


def _docstring(text: str) -> tuple[str, dict[str, str], str]:
    """Split a docstring into what is said first, the text of each argument, and the example."""
    head, *sections = re.split(r"^(Args|Example|Returns|Raises):\n", text, flags=re.MULTILINE)
    named = dict(zip(sections[::2], sections[1::2], strict=True))
    texts: dict[str, str] = {}
    for entry in re.split(r"\n(?=    \S)", textwrap.indent(textwrap.dedent(named.get("Args", "")), "    ")):
        name, _, said = entry.strip().partition(":")
        texts[name] = " ".join(said.split())
    example = "\n".join(
        line.strip()[4:]
        for line in named.get("Example", "").splitlines()
        if line.strip().startswith((">>>", "..."))
    )
    return head.strip(), texts, example


def _arguments(node: ast.ClassDef, texts: dict[str, str]) -> Iterator[Argument]:
    maker = next(
        (item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None
    )
    if maker is None:
        yield from _fields(node, texts)
        return
    arguments = maker.args
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if argument.arg not in NOT_SHOWN:
            yield _argument(argument.arg, argument.annotation, default, texts)
    if arguments.kwarg is not None:
        yield _argument(f"**{arguments.kwarg.arg}", arguments.kwarg.annotation, ast.Constant(None), texts)


def _fields(node: ast.ClassDef, texts: dict[str, str]) -> Iterator[Argument]:
    """Read a class whose arguments are its fields, each with its text below it or in the docstring."""
    following = [*node.body[1:], None]
    for item, after in zip(node.body, following, strict=True):
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            said = texts.get(item.target.id, "")
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                said = " ".join(str(after.value.value).split())
            yield _argument(item.target.id, item.annotation, item.value, {item.target.id: said})


def _argument(
    name: str, annotation: ast.expr | None, default: ast.expr | None, texts: dict[str, str]
) -> Argument:
    return Argument(
        name=name,
        kind=ast.unparse(annotation) if annotation is not None else "",
        default=ast.unparse(default) if default is not None else "",
        text=texts.get(name.lstrip("*"), ""),
    )


def _in_table(text: str) -> str:
    return text.replace("|", "\\|")


def index(all_constructs: list[Construct]) -> str:
    """Return the page that lists them."""
    rows = "\n".join(_index_row(construct) for construct in all_constructs)
    return (
        "# Reference of all constructs\n\n"
        "Written by `scripts/generate-construct-reference`; not edited by hand. Each construct is given its stack, or any\n"
        "construct in it, and an id; everything after these is given by name.\n\n"
        f"| construct | |\n| --- | --- |\n{rows}\n"
    )


def _index_row(construct: Construct) -> str:
    first = _in_table(construct.summary.partition("\n\n")[0].replace("\n", " "))
    page = f"{construct.name.lower()}.md"
    more = f" See [its page](../{page})." if (FOLDER.parent / page).is_file() else ""
    return f"| [`{construct.name}`]({construct.name}.md) | {first}{more} |"


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them."""
    found = list(constructs())
    wanted = {f"{construct.name}.md": construct.page() for construct in found} | {"README.md": index(found)}
    present = {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.md")} if FOLDER.is_dir() else {}
    if "--check" in arguments:
        stale = sorted(
            name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name)
        )
        if stale:
            print(f"out of date: {', '.join(stale)}\n\nhint: {HINT}", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in present.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, "utf-8")
    print(f"{len(wanted)} pages in {FOLDER.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
