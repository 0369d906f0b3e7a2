"""The project: its folder and the `[tool.sundog]` table of its `pyproject.toml`.

The root is the nearest folder, from the current one upwards, whose `pyproject.toml` has a `[tool.sundog]` table.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from sundog.errors import ConfigError, Location, suggestion
from sundog.model.names import LOCAL_STAGE, MAX_APP_NAME, MAX_STAGE_NAME, check_name

Removal: TypeAlias = Literal["retain", "destroy"]
SETTINGS_FILE = "pyproject.toml"
MAX_TAG_KEY = 128
MAX_TAG_VALUE = 256
DEFAULT_REGION = "us-east-1"


class ProjectNotFound(ConfigError):
    """Neither the current folder nor one above it has a `pyproject.toml` with a `[tool.sundog]` table."""

    code = "SD-CONFIG-001"


class InvalidSettings(ConfigError):
    """`pyproject.toml` is not valid TOML, or its `[tool.sundog]` table has a wrong key or value."""

    code = "SD-CONFIG-003"


class UnknownRegion(ConfigError):
    """`--region` names a region that is not among the `regions` of the stage in `pyproject.toml`.

    A stage without `regions` takes any region; one that lists them is deployed to these and no other.
    """

    code = "SD-CONFIG-004"


class StageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.sundog.stages.<name>]`."""

    region: str | None = None
    regions: list[str] = []
    """Deploy to each of these; the first is the one of commands that look at one."""
    profile: str | None = None
    account: str | None = None
    protected: bool = False
    """Refuse `sundog dev`, and `sundog remove` without `--unprotect`."""
    removal: Removal | None = None
    """What becomes of data when its resource leaves the app; `retain` on a protected stage, `destroy` on others."""
    tags: dict[str, str] = {}
    """Over those of the app."""


class LocalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.sundog.local]`: the stage that needs no account."""

    endpoint_url: str | None = None
    """Use this AWS-compatible endpoint instead of the embedded cloud."""
    port: int | None = None
    """Port of the embedded cloud; chosen once per project when not set."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.sundog]`."""

    name: str
    app: str = "app.py"
    """The file that defines the app, relative to the project root."""
    region: str = DEFAULT_REGION
    profile: str | None = None
    python: str | None = None
    """Interpreter for handlers; found from the project's virtual environment when not set."""
    tags: dict[str, str] = {}
    """For all resources of the app, on every stage."""
    stages: dict[str, StageSettings] = {}
    local: LocalSettings = LocalSettings()
    ignore: list[str] = []
    """Further folders, relative to the root, that the watcher skips."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One deployed copy of the app."""

    name: str
    region: str
    profile: str | None = None
    account: str | None = None
    protected: bool = False
    removal: Removal = "destroy"
    tags: dict[str, str] = {}

    @property
    def is_local(self) -> bool:
        """Whether it lives in the embedded cloud, or the endpoint that takes its place."""
        return self.name == LOCAL_STAGE


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A folder with an app in it."""

    root: Path
    settings: Settings
    state_folder: Path | None = None
    """Where state is kept instead of `.sundog/`: tests have a folder of their own."""
    region: str | None = None
    """Whose state is kept apart: one of a stage's regions that is not its first."""

    @property
    def app_file(self) -> Path:
        """The file that defines the app."""
        return self.root / self.settings.app

    @property
    def state_dir(self) -> Path:
        """`.sundog/`, or the folder in it of one region: what sundog writes for stages."""
        return self.base_dir if self.region is None else self.base_dir / "regions" / self.region

    @property
    def base_dir(self) -> Path:
        """`.sundog/`: everything sundog writes for this project."""
        return self.state_folder or self.root / ".sundog"

    def stage_dir(self, stage: str) -> Path:
        """Return the folder of one stage's state: `.sundog/<stage>/`."""
        return self.state_dir / stage

    def assembly_dir(self, stage: str) -> Path:
        """Return the folder of a stage's last good cloud assembly."""
        return self.stage_dir(stage) / "assembly"

    def events_db(self, stage: str) -> Path:
        """Return the file of a stage's event store."""
        return self.stage_dir(stage) / "events.db"

    def outputs_file(self, stage: str) -> Path:
        """Return the JSON file of a stage's stack outputs, by stack id."""
        return self.stage_dir(stage) / "outputs.json"

    def stage(self, name: str | None, *, region: str | None = None, profile: str | None = None) -> Stage:
        """Resolve a stage: options first, then its own settings, then the project's.

        Raises:
            InvalidName: The name cannot be a stage's.
            UnknownRegion: The stage lists its regions, and this is none of them.
        """
        name = check_name("stage", name or LOCAL_STAGE, MAX_STAGE_NAME, where="--stage")
        own = self.settings.stages.get(name, StageSettings())
        if region is not None and own.regions and region not in own.regions:
            close = suggestion(region, own.regions)
            raise UnknownRegion(
                f"the stage `{name}` is not deployed to `{region}`",
                where=f"[tool.sundog.stages.{name}] in {SETTINGS_FILE}",
                why=f"its regions are {', '.join(own.regions)}",
                fix=f"write `{close}`" if close else f"name one of them, or add `{region}` to `regions`",
            )
        first = own.regions[0] if own.regions else own.region
        return Stage(
            name=name,
            region=region or first or self.settings.region,
            profile=profile or own.profile or self.settings.profile,
            account=own.account,
            protected=own.protected,
            removal=own.removal or ("retain" if own.protected else "destroy"),
            tags=self.settings.tags | own.tags,
        )

    def regions(self, stage: str | None, region: str | None) -> list[str | None]:
        """Return the regions that a command works on: the one asked for, else all of the stage; None for its only one."""
        own = self.settings.stages.get(stage or LOCAL_STAGE, StageSettings())
        return [region] if region is not None or not own.regions else list(own.regions)

    def in_region(self, stage: str | None, region: str | None) -> Project:
        """Return the project with the state of one region; that of a stage's first region is where a single one's is."""
        own = self.settings.stages.get(stage or LOCAL_STAGE, StageSettings())
        narrowed = region if region in own.regions[1:] else None
        return msgspec.structs.replace(self, region=narrowed)

    def relative(self, path: Path | str) -> str:
        """Return a path as manifests and messages show it: relative and with slashes when inside the project."""
        full = Path(path)
        return full.relative_to(self.root).as_posix() if full.is_relative_to(self.root) else str(full)


def find_project(start: Path) -> Project:
    """Find the project that a folder belongs to and read its settings.

    Raises:
        ProjectNotFound: There is none.
        InvalidSettings: Its `pyproject.toml` is wrong.
    """
    start = start.resolve()
    others: list[tuple[Path, dict[str, Any]]] = []
    for folder in (start, *start.parents):
        file = folder / SETTINGS_FILE
        if file.is_file():
            tools = _tool_tables(file)
            if (table := _sundog_table(file, tools)) is not None:
                return Project(root=folder, settings=_settings(file, table))
            others.append((file, tools))
    raise ProjectNotFound(
        f"`{start}` is not in a sundog project",
        where=_place_without_table(others),
        why=f"neither it nor a folder above it has a {SETTINGS_FILE} with a [tool.sundog] table",
        fix=[
            *_table_to_write(others),
            "run `sundog create my-app` to start a new app",
            "or `cd` into the folder of an app",
        ],
    )


def _place_without_table(files: Sequence[tuple[Path, Mapping[str, Any]]]) -> Location | None:
    """Return where the nearest project would name sundog's settings: its table may be misspelt, or not be there yet."""
    for file, tools in files:
        if misspelt := suggestion("sundog", tools):
            return _place(file, f"[tool.{misspelt}")
    return Location(str(files[0][0])) if files else None


def _table_to_write(files: Sequence[tuple[Path, Mapping[str, Any]]]) -> list[str]:
    if any(suggestion("sundog", tools) for _, tools in files):
        return ["write `[tool.sundog]`"]
    return ['add `[tool.sundog]` with `name = "…"` to it'] if files else []


def _tool_tables(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(
            f"`{file}` cannot be read", why=str(error), fix="make the file readable, and save it as UTF-8"
        ) from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = getattr(error, "lineno", None) or _line_in_message(str(error))
        source = text.splitlines()[line - 1] if line and line <= len(text.splitlines()) else None
        raise InvalidSettings(
            f"`{SETTINGS_FILE}` is not valid TOML",
            where=Location(str(file), line, source),
            why=str(error),
            fix="correct that line",
        ) from error
    tools = document.get("tool")
    return tools if isinstance(tools, dict) else {}


def _sundog_table(file: Path, tools: Mapping[str, Any]) -> dict[str, Any] | None:
    table = tools.get("sundog")
    if table is not None and not isinstance(table, dict):
        raise InvalidSettings(
            "`tool.sundog` is not a table", where=Location(str(file)), fix="write `[tool.sundog]`"
        )
    return table


def _line_in_message(message: str) -> int | None:
    # tomllib of 3.11 to 3.13 has the line only in its text: "… (at line 3, column 7)".
    _, _, tail = message.partition("at line ")
    digits = tail.partition(",")[0]
    return int(digits) if digits.isdigit() else None


def _settings(file: Path, table: dict[str, Any]) -> Settings:
    if "name" not in table:
        raise InvalidSettings(
            "`[tool.sundog]` has no `name`",
            where=_place(file, "[tool.sundog]"),
            why="the names of all stacks start with it",
            fix=f'add `name = "{file.parent.name}"` below `[tool.sundog]`',
        )
    try:
        settings = msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        raise _invalid_value(file, _with_stage_named(table, str(error))) from error
    check_name("app", settings.name, MAX_APP_NAME, _place(file, "name"))
    _check_tags(file, settings.tags)
    for stage, own in settings.stages.items():
        check_name("stage", stage, MAX_STAGE_NAME, _place(file, f"stages.{stage}"))
        _check_tags(file, own.tags)
        _check_regions(file, stage, own)
    return settings


def _check_tags(file: Path, tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        # https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
        if not 0 < len(key) <= MAX_TAG_KEY or len(value) > MAX_TAG_VALUE or key.lower().startswith("aws:"):
            raise InvalidSettings(
                f"`{key}` = `{value}` cannot be a tag",
                where=_place(file, key),
                why=f"a tag's key has 1 to {MAX_TAG_KEY} characters and does not begin with `aws:`, "
                f"its value has at most {MAX_TAG_VALUE}",
                fix="choose another key, or a shorter value",
            )


def _check_regions(file: Path, stage: str, own: StageSettings) -> None:
    if not own.regions:
        return
    if own.region is not None:
        why, fix = (
            "`region` and `regions` are both set",
            "keep `regions`: its first is what `region` would be",
        )
    elif len(set(own.regions)) < len(own.regions):
        why, fix = "a region is listed twice", "remove one of the two"
    elif stage == LOCAL_STAGE:
        why, fix = "the stage `local` lives on this machine, once", "set `region`"
    else:
        return
    raise InvalidSettings(
        f"`regions` of the stage `{stage}` are wrong", where=_place(file, "regions"), why=why, fix=fix
    )


_TABLES: dict[str, type[msgspec.Struct]] = {"stages": StageSettings, "local": LocalSettings}


def _with_stage_named(table: Mapping[str, Any], message: str) -> str:
    """Return a message of msgspec, which writes `stages[...]` for every stage, with the name of the one it is about."""
    stages = table.get("stages")
    if "$.stages[...]" in message and isinstance(stages, dict):
        for name, own in stages.items():
            try:
                msgspec.convert(own, StageSettings)
            except msgspec.ValidationError:
                return message.replace("$.stages[...]", f"$.stages.{name}")
    return message


def _invalid_value(file: Path, message: str) -> InvalidSettings:
    reason, _, path = message.partition(" - at `$")
    path = path.rstrip("`").strip(".")
    _, _, key = reason.partition("unknown field `")
    if not key:
        return InvalidSettings(
            f"`tool.sundog.{path}` is wrong",
            where=_place(file, path.rpartition(".")[2].strip("[]")),
            why=reason.lower(),
            fix="correct the value",
        )
    key = key.rstrip("`")
    owner = _TABLES.get(path.split(".")[0].split("[")[0], Settings) if path else Settings
    known = owner.__struct_fields__
    close = suggestion(key, known)
    prefix = f"tool.sundog.{path}." if path else "tool.sundog."
    return InvalidSettings(
        f"`{prefix}{key}` is not a setting",
        where=_place(file, key),
        why=f"the settings there are {', '.join(known)}",
        fix=f"write `{close}`" if close else f"remove `{key}`",
    )


def _place(file: Path, token: str) -> Location:
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if token and line.strip().startswith(token):
            return Location(str(file), number, line.strip())
    return Location(str(file))
