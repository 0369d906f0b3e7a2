"""A CloudFormation stack of the app, as a class; `App.stack` makes one for a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import aws_cdk
from constructs import Construct

from sundog.constructs._function_props import function_props, merged
from sundog.constructs._registry import registry_of
from sundog.errors import ConstructError
from sundog.model.names import stack_name

if TYPE_CHECKING:
    from sundog.constructs.app import App


class LateDefaults(ConstructError):
    """Defaults for functions were set after a function that they should have applied to."""

    code = "SD-CONSTRUCT-040"


class InvalidOutput(ConstructError):
    """The name of an output has characters that CloudFormation does not allow, or is taken."""

    code = "SD-CONSTRUCT-041"


class Stack(aws_cdk.Stack):
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
        if stage.account is not None:
            # Only a stage that names its account can use what the CDK looks up there.
            stack_props.setdefault("env", aws_cdk.Environment(account=stage.account, region=stage.region))
        # CloudFormation has no underscores in the names of stacks.
        name = stack_name(stage.name, project.settings.name, id.replace("_", "-"))
        super().__init__(scope, id, description=description, **{"stack_name": name, **stack_props})
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

    def set_function_defaults(self, **settings: Any) -> None:
        """Set what the functions of this stack have in common, laid over the app's defaults.

        Args:
            settings: Settings of `Function`.

        Raises:
            LateDefaults: The stack has a function already.
        """
        path = self.node.id
        where = self.registry.location()
        if path in self.registry.paths_with_functions:
            raise LateDefaults(
                f"stack `{self.id}` has functions already",
                where=where,
                why="defaults apply to the functions that are declared after them",
                fix="move `set_function_defaults` above the first function",
            )
        own = function_props(settings, where)
        before = self.registry.function_defaults.get(path)
        self.registry.function_defaults[path] = own if before is None else merged(before, own)

    def outputs(self, **values: str | None) -> None:
        """Add outputs to the stack, which `sundog` shows after a deploy.

        Args:
            values: Output names and values; one that is None is left out.

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
            aws_cdk.CfnOutput(self, name, value=str(value))
