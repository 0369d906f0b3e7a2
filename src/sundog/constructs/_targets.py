"""What receives the events of a construct, by name: `subscribers`, `notifications`, `targets`, `consumers`.

A receiver is one of

* what makes a function: a handler, a `Function`, or settings of one,
* another construct that the event source can deliver to, such as a `Queue`,
* a dictionary that names one of these under its kind, beside settings of the delivery:
  `{"function": "functions/mail.send", "filter": {"kind": ["order"]}}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from constructs import Construct

from sundog.constructs._bound import resource_list
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._definition import function_of
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._registry import article, listed, type_name
from sundog.constructs.function import Function
from sundog.errors import ConstructError, SundogError, suggestion

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
FUNCTION = "function"


class InvalidTarget(ConstructError):
    """What is to receive events is neither a function nor a construct that the source can deliver to, or has no name.

    Receivers are given by name: `subscribers={"mail": "functions/mail.send"}`. The name becomes part of the function's
    id, so that the function stays the same one when others are added or moved.
    """

    code = "SD-SOURCE-001"


class UnknownTargetSetting(ConstructError):
    """A receiver of events has a setting that deliveries from this source do not have.

    Settings of the delivery stand beside `function` or `queue`; settings of the function itself go into it:
    `{"function": {"handler": "functions/mail.send", "timeout": 30}, "batch_size": 5}`.
    """

    code = "SD-SOURCE-002"


class SendsToFunctions(SundogConstruct):
    """A construct whose events go to functions that have names in it."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        bind: Sequence[Any] | None,
        function_defaults: FunctionProps | Mapping[str, Any] | None,
        cdk: Mapping[str, Any] | None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        self.functions: dict[str, Function] = {}
        """The functions, by the name that `app.py` gives them in the construct."""
        self._bound = resource_list(self, bind or ())
        self._function_defaults = function_defaults

    def reader(
        self,
        argument: str,
        *,
        noun: str,
        others: Mapping[str, type] | None = None,
        settings: Sequence[str] = (),
    ) -> TargetReader:
        """Return what reads an argument that lists receivers.

        Args:
            argument: Its name, for messages.
            noun: What one of them is called; begins the ids of functions that are made.
            others: Constructs that can stand instead of a function, by the key that a dictionary names them with.
            settings: What can stand beside the receiver in a dictionary.
        """
        return TargetReader(
            owner=self,
            argument=argument,
            noun=noun,
            others=others or {},
            settings=settings,
            defaults=self._function_defaults,
            bind=self._bound,
        )

    def bind(self, resources: Sequence[Any]) -> None:
        """Give all of the functions further resources, those that are added later too.

        Args:
            resources: As for `Function.bind`.
        """
        self._bound += resource_list(self, resources)
        for function in self.functions.values():
            function.bind(resources)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A receiver of events, and how they are delivered to it."""

    name: str
    kind: str
    """`function`, or the key of another construct: `queue`."""
    construct: Any
    """The construct of sundog; a log group is one of the CDK."""
    settings: Mapping[str, Any]

    @property
    def function(self) -> Function | None:
        """The function, when it is one."""
        return self.construct if isinstance(self.construct, Function) else None


@dataclass(frozen=True, kw_only=True)
class TargetReader:
    """Reads one argument of a construct."""

    owner: SundogConstruct
    argument: str
    """`subscribers`."""
    noun: str
    """`subscriber`: begins the ids of functions that are made."""
    others: Mapping[str, type] = field(default_factory=dict)
    """Constructs that can stand instead of a function, by the key that a dictionary names them with."""
    settings: Sequence[str] = ()
    """What can stand beside the receiver in a dictionary."""
    defaults: FunctionProps | Mapping[str, Any] | None = None
    bind: Sequence[Any] = ()

    def read(self, given: object) -> list[Target]:
        """Return the receivers in the order in which they were given.

        Raises:
            InvalidTarget: Something is no receiver.
            UnknownTargetSetting: A delivery has no such setting.
        """
        if given is None:
            return []
        if not isinstance(given, Mapping):
            raise self.owner.error(
                InvalidTarget,
                f"`{self.argument}` of {self.owner.kind} `{self.owner.id}` is {article(type(given).__name__)}",
                why="each has a name, which becomes part of its function's id",
                fix=f'write `{self.argument}={{"name": "functions/file.function"}}`',
            )
        return [self._target(name, definition) for name, definition in given.items()]

    def _target(self, name: object, definition: Any) -> Target:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise self.owner.error(
                InvalidTarget,
                f"`{name}` cannot be the name of {article(self.noun)} of {self.owner.kind} `{self.owner.id}`",
                why="names hold letters, digits, hyphens and underscores, and start with a letter",
                fix="give it another name",
            )
        settings: Mapping[str, Any] = {}
        if isinstance(definition, Mapping):
            definition, settings = self._apart(name, definition)
        for kind, construct_type in self.others.items():
            if isinstance(definition, construct_type):
                return Target(name=name, kind=kind, construct=definition, settings=settings)
        if not isinstance(definition, (str, Function, FunctionProps, Mapping)):
            raise self._no_receiver(name, type_name(definition))
        function = function_of(
            self.owner,
            f"{self.noun}-{name}",
            definition,
            what=f'`{self.argument}["{name}"]`',
            defaults=None if isinstance(definition, Function) else self.defaults,
            bind=self.bind,
        )
        return Target(name=name, kind=FUNCTION, construct=function, settings=settings)

    def _apart(self, name: str, given: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
        """Return the receiver and the settings of a dictionary; one without a receiver is a function's own settings."""
        kinds = (FUNCTION, *self.others)
        named = [kind for kind in kinds if kind in given]
        if not named:
            return given, {}
        if len(named) > 1:
            raise self._no_receiver(name, f"both {' and '.join(f'`{kind}`' for kind in named)}")
        kind = named[0]
        settings = {key: value for key, value in given.items() if key != kind}
        for key in settings:
            if key not in self.settings:
                close = suggestion(key, self.settings)
                raise self.owner.error(
                    UnknownTargetSetting,
                    f'`{self.argument}["{name}"]` of {self.owner.kind} `{self.owner.id}` has no setting `{key}`',
                    why=f"beside `{kind}` it takes {listed(self.settings)}" if self.settings else None,
                    fix=f"write `{close}`"
                    if close
                    else f'put settings of the function into it: `"function": {{"handler": …, "{key}": …}}`',
                )
        if kind != FUNCTION and not isinstance(given[kind], self.others[kind]):
            raise self._no_receiver(name, f"`{kind}` of the type {type_name(given[kind])}")
        return given[kind], settings

    def _no_receiver(self, name: str, shown: str) -> SundogError:
        constructs = [article(kind.__name__) for kind in self.others.values()]
        return self.owner.error(
            InvalidTarget,
            f'`{self.argument}["{name}"]` of {self.owner.kind} `{self.owner.id}` is {shown}',
            why=f"events go to one of: a handler, {', '.join(['a Function', *constructs])}",
            fix=f'write `"{name}": "functions/file.function"`',
        )
