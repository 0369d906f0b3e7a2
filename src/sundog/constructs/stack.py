"""A CloudFormation stack of the app, as a class; `App.stack` makes one for a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import aws_cdk
from constructs import Construct

from sundog.constructs._function_defaults import HasFunctionDefaults
from sundog.constructs._registry import Registry, registry_of
from sundog.constructs.function import Function
from sundog.errors import ConstructError
from sundog.model.names import stack_name

if TYPE_CHECKING:
    from sundog.constructs.app import App

MOST_CHARACTERS = 128
_NAME = re.compile(f"[A-Za-z][A-Za-z0-9-]{{0,{MOST_CHARACTERS - 1}}}")


class InvalidOutput(ConstructError):
    """The name of an output has characters that CloudFormation does not allow, or is taken, or the output has no value."""

    code = "SD-CONSTRUCT-041"


class InvalidStackPlace(ConstructError):
    """A stack is to be where the stage is not: in another account or region.

    A stage is deployed to the account and the regions that `pyproject.toml` names for it, one after the other, each with all
    stacks: `[tool.sundog.stages.prod] regions = ["eu-west-1", "us-east-1"]`. What must be in one region only is declared with
    `if app.stage.region == "us-east-1":`.
    """

    code = "SD-CONSTRUCT-042"


class InvalidStackName(ConstructError):
    """The name of a stack does not tell its stage, or is none that CloudFormation takes.

    Two stages in one account would be one stack. A stack is named `<stage>-<app>-<id>` by itself; a `stack_name` has the name of
    the stage at its beginning, at its end, or between hyphens, and up to 128 letters, digits and hyphens.
    `App(names_without_stage=True)` takes any, for stacks that another tool has made:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html
    """

    code = "SD-CONSTRUCT-043"


class Stack(HasFunctionDefaults, aws_cdk.Stack):
    """A CloudFormation stack, named `<stage>-<app>-<id>`.

    Args:
        scope: The app.
        id: Unique in the app.
        description: Shown in the AWS console.
        stack_props: Any other property of the CDK's stack, such as `termination_protection`.

    Example:
        >>> class Storage(Stack):
        ...     def __init__(self, app, id):
        ...         super().__init__(app, id)
        ...         self.notes = Table(self, "notes", partition_key=("userId", "string"))
        >>> storage = Storage(app, "storage")
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        description: str | None = None,
        **stack_props: Any,
    ) -> None:
        registry = registry_of(scope, "Stack", id)
        place = registry.places.here()
        registry.claim_id("Stack", id, place)
        stage, project = registry.stage, registry.project
        _refuse_other_place(registry, id, stack_props.get("env"))
        if stage.account is not None:
            # Only a stage that names its account can use what the CDK looks up there.
            stack_props.setdefault("env", aws_cdk.Environment(account=stage.account, region=stage.region))
        # CloudFormation has no underscores in the names of stacks.
        name = stack_name(stage.name, project.settings.name, id.replace("_", "-"))
        stack_props = {"stack_name": name, **stack_props}
        _check_name(registry, id, str(stack_props["stack_name"]))
        super().__init__(scope, id, description=description, **stack_props)
        self.registry = registry
        self.place = place
        self.id = id
        self._outputs: set[str] = set()

    @property
    def app(self) -> App:
        """The app that the stack belongs to."""
        app: App = self.node.root  # type: ignore[assignment]
        return app

    def use(self, stack: Callable[..., Any]) -> Any:
        """Return what another stack's function returned; see `App.use`."""
        return self.app.use(stack)

    @property
    def functions(self) -> list[Function]:
        """All functions of the stack, those too that other constructs made of handlers, in the order of their declaration.

        Example:
            >>> for function in stack.functions:
            ...     function.add_environment({"LOG_LEVEL": "INFO"})
        """
        own = f"{self.node.id}/"
        found = [one for one in self.registry.constructs if isinstance(one, Function)]
        return [function for function in found if function.path.startswith(own)]

    def depends_on(self, *stacks: Callable[..., Any]) -> None:
        """Have this stack deployed after others, though it uses nothing of them.

        Args:
            stacks: The functions, or the classes, that `app.stack` was given.

        Example:
            >>> stack.depends_on(network)

        Raises:
            StackNotBuilt: One is not declared above.
        """
        for other in stacks:
            self.add_dependency(self.app.stack_of(other))

    def outputs(self, **values: str | Mapping[str, Any] | None) -> None:
        """Add outputs to the stack, which `sundog` shows after a deploy.

        Args:
            values: Output names and values; one that is None is left out. A dictionary has the properties of the CDK's
                `CfnOutput`: `{"value": api.url, "description": "…", "export_name": "…"}`.

        Example:
            >>> stack.outputs(ApiUrl=api.url, TableName=notes.table_name)

        Raises:
            InvalidOutput: A name is not alphanumeric, or is used twice.
        """
        for name, value in values.items():
            if value is None:
                continue
            if not (name.isascii() and name.isalnum()):
                cleaned = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
                raise InvalidOutput(
                    f"`{name}` cannot be the name of an output",
                    where=self.registry.location(),
                    why="CloudFormation allows letters and digits",
                    fix=f"call it `{cleaned}`",
                )
            if name in self._outputs:
                raise InvalidOutput(
                    f"stack `{self.id}` has an output `{name}` already",
                    where=self.registry.location(),
                    fix="give one of the two another name",
                )
            self._outputs.add(name)
            properties = value if isinstance(value, Mapping) else {"value": str(value)}
            if "value" not in properties:
                raise InvalidOutput(
                    f"the output `{name}` of stack `{self.id}` has no value",
                    where=self.registry.location(),
                    why="its dictionary has no `value`",
                    fix='add `"value": …`',
                )
            aws_cdk.CfnOutput(self, name, **properties)


def _refuse_other_place(registry: Registry, stack_id: str, env: Any) -> None:
    own = {"account": registry.stage.account, "region": registry.stage.region}
    for name, ours in own.items():
        given = env.get(name) if isinstance(env, Mapping) else getattr(env, name, None)
        if given is not None and not aws_cdk.Token.is_unresolved(given) and given != ours:
            raise InvalidStackPlace(
                f"stack `{stack_id}` is to be in the {name} `{given}`",
                where=registry.location(),
                why=f"the stage `{registry.stage.name}` is "
                + (f"in `{ours}`" if ours else f"in whichever {name} its credentials are of"),
                fix=f'set `{name}s = ["{given}"]` for the stage in `pyproject.toml`'
                if name == "region"
                else f'set `account = "{given}"` for the stage in `pyproject.toml`',
            )


def _check_name(registry: Registry, stack_id: str, name: str) -> None:
    stage = registry.stage.name
    if aws_cdk.Token.is_unresolved(name):
        return
    if not _NAME.fullmatch(name):
        raise InvalidStackName(
            f"stack `{stack_id}` would be named `{name}`",
            where=registry.location(),
            why=f"CloudFormation takes up to {MOST_CHARACTERS} letters, digits and hyphens, a letter first",
            fix="give it a shorter id" if len(name) > MOST_CHARACTERS else "remove the other characters",
        )
    if not registry.names_without_stage and f"-{stage}-" not in f"-{name}-":
        raise InvalidStackName(
            f"stack `{stack_id}` is named `{name}`, whatever the stage",
            where=registry.location(),
            why="two stages in one account would be one stack",
            fix=[
                f'write `stack_name=f"{{app.stage.name}}-{name}"`, or leave it out',
                "or, for a stack that exists under this name, `App(names_without_stage=True)`",
            ],
        )
