"""The app: where a project, a stage and the user's stacks meet.

`App` is an `aws_cdk.App`. It reads `[tool.sundog]`, the stage and the mode, builds functional stacks in the order in
which they are declared, and writes sundog's manifest into the cloud assembly when it is synthesized. It behaves the
same under `sundog dev`, `sundog deploy`, npm's `cdk` and plain `python app.py`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, overload

import aws_cdk

from sundog.constructs._assets import Assets
from sundog.constructs._function_defaults import HasFunctionDefaults
from sundog.constructs._function_environment import check_environment_sizes
from sundog.constructs._manifest import manifest_of
from sundog.constructs._places import Places, follow
from sundog.constructs._registry import Mode, Registry, listed
from sundog.constructs._stack_size import check_stack_sizes
from sundog.constructs._uncaught import show_errors_without_traceback
from sundog.constructs.stack import Stack
from sundog.constructs.synth_worker.recording import report_missing
from sundog.errors import ConfigError, ConstructError, Location, suggestion
from sundog.model.manifest import SourcePlace, write_manifest
from sundog.model.project import find_project

StackFunction = TypeVar("StackFunction", bound=Callable[..., Any])

_CONTEXT = {
    # npm's `cdk` sets these; without them, `sundog deploy` and `cdk deploy` would send different templates.
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:enable-asset-metadata": True,
    # No limit of the CDK's: ours, which is the same, says what is large and where it is.
    "@aws-cdk/core:stackResourceLimit": 0,
}
MODES: tuple[Mode, ...] = ("deploy", "dev")


class InvalidMode(ConfigError):
    """`SUNDOG_MODE` has a value that is not a mode. sundog sets it; plain `cdk` leaves it unset."""

    code = "SD-CONFIG-010"


class InvalidContext(ConfigError):
    """`cdk.json` or `cdk.context.json` is not valid JSON."""

    code = "SD-CONFIG-011"


class DuplicateStack(ConstructError):
    """A function was given to `app.stack` twice."""

    code = "SD-CONSTRUCT-050"


class StackNotBuilt(ConstructError):
    """`app.use` asks for a stack that was not built before.

    Stacks are built in the order in which the app declares them. Declare a stack above the ones that use it.
    """

    code = "SD-CONSTRUCT-051"


class StackCycle(ConstructError):
    """Two stacks use each other. CloudFormation deploys one of them first, so one cannot need the other."""

    code = "SD-CONSTRUCT-052"


class InvalidStack(ConstructError):
    """`app.stack` got something that is neither a function of one argument nor a subclass of `Stack`."""

    code = "SD-CONSTRUCT-053"


class App(HasFunctionDefaults, aws_cdk.App):
    """An app of sundog: an `aws_cdk.App` that knows its project and stage.

    Args:
        stage: The stage to synthesize; by default `SUNDOG_STAGE`, the context `stage`, or `local`.
        outdir: Where the cloud assembly goes; by default `CDK_OUTDIR`, or `.sundog/cdk.out`.
        names_without_stage: Take a `stack_name` that does not tell the stage, for stacks that another tool has made.
        cdk_props: Any other property of the CDK's app.

    Example:
        >>> app = App()
        >>> @app.stack
        ... def storage(stack):
        ...     return Table(stack, "notes", partition_key=("userId", "string"))
        >>> app.synth()
    """

    def __init__(
        self,
        *,
        stage: str | None = None,
        outdir: str | None = None,
        names_without_stage: bool = False,
        **cdk_props: Any,
    ) -> None:
        show_errors_without_traceback()
        environ = os.environ
        root = environ.get("SUNDOG_PROJECT_ROOT")
        project = find_project(Path(root) if root else Path.cwd())
        places = Places(root=project.root)
        mode = _mode(environ)
        # Two processes decide here: Node read its environment when it started, which may be before this synth.
        command_line = {**_command_line_context(environ), **cdk_props.pop("post_cli_context", {})}
        super().__init__(
            outdir=outdir or environ.get("CDK_OUTDIR") or str(project.state_dir / "cdk.out"),
            context={**_CONTEXT, **_project_context(project.root), **cdk_props.pop("context", {})},
            post_cli_context=command_line,
            **{"analytics_reporting": False, **cdk_props},
        )
        chosen = stage or environ.get("SUNDOG_STAGE") or self.node.try_get_context("stage")
        self.project = project
        # Of a stage with several regions the one that is being synthesized; `--region` is one too.
        region = environ.get("SUNDOG_REGION") or None
        self.stage = project.stage(chosen if isinstance(chosen, str) else None, region=region)
        self.mode: Mode = mode
        self.removal_policy = (
            aws_cdk.RemovalPolicy.RETAIN if self.stage.removal == "retain" else aws_cdk.RemovalPolicy.DESTROY
        )
        self.registry = Registry(
            project=project,
            stage=self.stage,
            mode=mode,
            places=places,
            assets=Assets(project=project, is_placeholder=mode == "dev"),
            removal_policy=self.removal_policy,
            names_without_stage=names_without_stage,
        )
        self._results: dict[Callable[..., Any], Any] = {}
        self._stacks: dict[Callable[..., Any], Stack] = {}
        self._declared: dict[Callable[..., Any], SourcePlace | None] = {}
        self._building: list[Callable[..., Any]] = []
        follow(self, places, self.registry)
        tags = self.stage.tags | {"sundog:app": project.settings.name, "sundog:stage": self.stage.name}
        for key, value in tags.items():
            aws_cdk.Tags.of(self).add(key, value)

    @property
    def name(self) -> str:
        """Name of the app, from `pyproject.toml`."""
        return self.project.settings.name

    @overload
    def stack(
        self, definition: StackFunction, /, *, id: str | None = ..., **stack_props: Any
    ) -> StackFunction: ...

    @overload
    def stack(
        self, definition: None = ..., /, *, id: str | None = ..., **stack_props: Any
    ) -> Callable[[StackFunction], StackFunction]: ...

    def stack(
        self,
        definition: Any = None,
        /,
        *,
        id: str | None = None,  # noqa: A002 - the CDK's own name
        **stack_props: Any,
    ) -> Any:
        """Build a stack: of a function that is given the stack, or of a subclass of `Stack`. Also a decorator.

        What the function returns is what `app.use` gives to other stacks.

        Args:
            definition: The function, or the class.
            id: Id of the stack; by default the function's name, with hyphens.
            stack_props: Properties of `Stack`.

        Example:
            >>> @app.stack
            ... def storage(stack):
            ...     return Table(stack, "notes", partition_key=("userId", "string"))
            >>> app.stack(backend)

        Raises:
            DuplicateStack: The function was built before.
            InvalidStack: It is neither a function nor a class of stacks.
        """
        if definition is None:
            return lambda function: self._build(function, id, stack_props)
        return self._build(definition, id, stack_props)

    def use(self, stack: Callable[..., Any]) -> Any:
        """Return what a stack's function returned, or the stack itself when it is a class.

        Example:
            >>> notes = app.use(storage)

        Raises:
            StackNotBuilt: It is not declared above.
            StackCycle: It is being built, and uses the stack that asks.
        """
        if stack in self._results:
            return self._results[stack]
        name = getattr(stack, "__name__", repr(stack))
        where = self.registry.location()
        if stack in self._building:
            users = [function.__name__ for function in self._building]
            raise StackCycle(
                f"stack `{name}` uses itself" if len(users) == 1 else f"stack `{name}` is not finished",
                where=where,
                why=f"the stacks being built are {listed(users)}",
                fix="move what both need into a third stack, declared above them",
            )
        built = [function.__name__ for function in self._results]
        close = suggestion(name, built)
        raise StackNotBuilt(
            f"stack `{name}` is not built yet",
            where=where,
            why=f"the stacks built so far are {listed(built)}" if built else "no stack is built so far",
            fix=f"use `{close}`"
            if close
            else f"declare it above with `@app.stack`, or call `app.stack({name})` before",
        )

    def stack_of(self, definition: Callable[..., Any]) -> Stack:
        """Return the stack that a function was given, or the one of a class.

        Example:
            >>> app.stack_of(storage).termination_protection = True

        Raises:
            StackNotBuilt: It is not declared above.
        """
        self.use(definition)
        return self._stacks[definition]

    def synth(self, **options: Any) -> Any:
        """Write the cloud assembly, with sundog's manifest in it.

        Args:
            options: Those of the CDK.

        Returns:
            The CDK's cloud assembly.
        """
        assembly = super().synth(**options)
        directory = Path(assembly.directory)
        manifest = manifest_of(self.registry, directory)
        check_stack_sizes(self.registry, manifest)
        check_environment_sizes(self.registry.constructs)
        write_manifest(directory, manifest)
        return assembly

    def _build(self, definition: Any, stack_id: str | None, stack_props: Mapping[str, Any]) -> Any:
        where = self.registry.location()
        name = getattr(definition, "__name__", None)
        is_class = isinstance(definition, type) and issubclass(definition, Stack)
        if name is None or not callable(definition) or (isinstance(definition, type) and not is_class):
            raise InvalidStack(
                f"`{definition!r}` is not a stack",
                where=where,
                why="`app.stack` takes a function of one argument, the stack, or a subclass of `sundog.Stack`",
                fix="define it with `@app.stack` above `def storage(stack):`",
            )
        if definition in self._declared:
            first = self._declared[definition]
            raise DuplicateStack(
                f"stack `{name}` is built twice",
                where=where,
                why=f"the first time is at {first.file}:{first.line}" if first else None,
                fix=f"remove one, and reach its values with `app.use({name})`",
            )
        self._declared[definition] = self.registry.places.here()
        chosen = stack_id or (_hyphenated(name) if is_class else name.replace("_", "-"))
        if is_class:
            self._results[definition] = self._stacks[definition] = definition(self, chosen, **stack_props)
            return definition
        self._building.append(definition)
        try:
            self._stacks[definition] = Stack(self, chosen, **stack_props)
            self._results[definition] = definition(self._stacks[definition])
        finally:
            self._building.remove(definition)
        return definition


def _mode(environ: Mapping[str, str]) -> Mode:
    text = environ.get("SUNDOG_MODE", "deploy")
    for mode in MODES:
        if text == mode:
            return mode
    raise InvalidMode(
        f"`{text}` is not a mode",
        where="SUNDOG_MODE",
        why=f"the modes are {listed(MODES)}",
        fix="unset the variable: sundog sets it",
    )


def _command_line_context(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what npm's `cdk` collected: its options, `cdk.json` and `cdk.context.json`."""
    text = environ.get("CDK_CONTEXT_JSON")
    return json.loads(text) if text else {}


def _project_context(root: Path) -> dict[str, Any]:
    """Return the context of the project's files, so that no `cdk` is needed to have it."""
    context: dict[str, Any] = {}
    for name, key in (("cdk.json", "context"), ("cdk.context.json", None)):
        file = root / name
        if not file.is_file():
            report_missing(file)
            continue
        try:
            document = json.loads(file.read_text("utf-8"))
        except ValueError as error:
            raise InvalidContext(
                f"`{name}` is not valid JSON", where=Location(name), why=str(error), fix="correct the file"
            ) from error
        context |= (document.get(key) or {}) if key else document
    return context


def _hyphenated(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).strip("-")
