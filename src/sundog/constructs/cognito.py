"""Users who sign up and sign in: a user pool of Cognito, its clients and triggers, and AWS credentials for its users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk.aws_cognito as cognito
import aws_cdk.aws_iam as iam
from constructs import Construct

from sundog.constructs._binding import Binding
from sundog.constructs._cognito_client import create_client, with_durations
from sundog.constructs._cognito_identity import (
    GUESTS,
    SIGNED_IN,
    attach_roles,
    create_identity_pool,
    create_role,
    login_providers,
    own_objects,
)
from sundog.constructs._cognito_pool import create_user_pool
from sundog.constructs._cognito_triggers import CLAIMS_VERSIONS, TRIGGERS, add_trigger
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._definition import FunctionDefinition
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._function_set import FunctionSet, identifier
from sundog.constructs._permissions import Permission, grant_permission
from sundog.constructs._registry import listed
from sundog.constructs._settings import one_of
from sundog.constructs.bucket import Bucket
from sundog.constructs.function import Function
from sundog.errors import ConstructError, suggestion
from sundog.model.manifest import Trigger

_READ_USERS = ("cognito-idp:AdminGetUser", "cognito-idp:AdminListGroupsForUser", "cognito-idp:ListUsers")


class InvalidCognito(ConstructError):
    """A setting of a user pool, of one of its clients or of its identity pool is not one that Cognito has.

    The page of the construct lists the login names, triggers, password rules and login providers.
    """

    code = "SD-COGNITO-001"


class CognitoTriggerCycle(ConstructError):
    """A user pool is bound to the function of one of its own triggers.

    The pool needs the function's ARN to be created, and the function would need the pool's id: CloudFormation can begin
    with neither. Every event of a trigger carries `userPoolId`, and `Cognito.grant_to_triggers` gives its functions
    rights over the pool.
    """

    code = "SD-COGNITO-002"


class Cognito(SundogConstruct):
    """Users who sign up and sign in: a user pool with a client, functions for its triggers, and an identity pool.

    Without triggers, sign-up, passwords and tokens are all Cognito's. An `Api` takes it as an authorizer.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the user pools of the app.
        login: What users sign in with: `username`, `email`, `phone`, `preferred_username`. Cognito cannot change it later.
        self_sign_up: Let anybody sign up; False leaves it to administrators.
        password_policy: `{"min_length": 12, "require_symbols": False}`; by default 8 characters of all four kinds.
        triggers: Functions that Cognito calls, by `pre_sign_up`, `post_confirmation`, …: handlers, `Function`s or settings.
        claims_version: Of the events of `pre_token_generation`: from `V2_0` on they can change access tokens too.
        clients: Apps that sign users in, by name, each with properties of the CDK's `UserPoolClient`; by default one.
        identity_pool: Give signed-in users AWS credentials, which may do what `grant_signed_in` says.
        guests: Give whoever has not signed in credentials too, for `grant_guests`.
        federation: Others who may say who somebody is to the identity pool: `{"google": {"client_id": "…"}}`.
        bind: Resources that the functions of all triggers use.
        function_defaults: Settings for the functions made of handlers.
        cdk: `{"user_pool": {…}}`, `user_pool_client`, `identity_pool`, `authenticated_role` and `unauthenticated_role`
            lay properties over the CDK's; `{"user_pool": existing}` uses a pool as it is.

    Example:
        >>> users = Cognito(stack, "users", login=["email"], triggers={"pre_sign_up": "functions/users.check"})
        >>> users.grant_signed_in([(photos, "grant_read")])
        >>> stack.outputs(UserPoolId=users.user_pool_id, ClientId=users.client_id)
    """

    kind = "Cognito"
    cdk_keys = (
        "user_pool",
        "user_pool_client",
        "identity_pool",
        "authenticated_role",
        "unauthenticated_role",
    )

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        login: Sequence[str] | None = None,
        self_sign_up: bool | None = None,
        password_policy: Mapping[str, Any] | None = None,
        triggers: Mapping[str, FunctionDefinition] | None = None,
        claims_version: str = "V1_0",
        clients: Mapping[str, Mapping[str, Any]] | None = None,
        identity_pool: bool = True,
        guests: bool = False,
        federation: Mapping[str, Mapping[str, str]] | None = None,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        self._functions = FunctionSet(self, defaults=function_defaults, bind=bind)
        self._triggers: dict[str, Function] = {}
        self._clients: dict[str, cognito.IUserPoolClient] = {}
        configured = {
            "login": login,
            "self_sign_up": self_sign_up,
            "password_policy": password_policy,
            "triggers": triggers,
        }
        existing = self.cdk_import("user_pool", configured)
        self.cdk.user_pool = existing or create_user_pool(
            self,
            login or ("username",),
            password_policy or {},
            self_sign_up=self_sign_up is not False,
            kind=InvalidCognito,
        )
        self._claims_version = one_of(
            self, InvalidCognito, "version of the event", claims_version, CLAIMS_VERSIONS
        )
        for name, definition in (triggers or {}).items():
            self._add_trigger(name, definition)
        self._create_clients({} if clients is None else clients)
        self._create_identity_pool(identity_pool, guests, federation or {})
        self.registry.constructs.append(self)

    def _add_trigger(self, name: str, definition: FunctionDefinition) -> None:
        one_of(self, InvalidCognito, "trigger", name, tuple(TRIGGERS))
        kind = TRIGGERS[name]
        if kind.needs_key and "custom_sender_kms_key" not in self.cdk_props("user_pool"):
            raise self.error(
                InvalidCognito,
                f"Cognito `{self.id}` has the trigger `{name}` and no key",
                why="Cognito encrypts the codes that it hands to a sender of your own",
                fix='add `cdk={"user_pool": {"custom_sender_kms_key": aws_kms.Key(stack, "codes")}}`',
            )
        function = self._functions.function(name, definition, what=f"trigger `{name}`")
        add_trigger(self.cdk.user_pool, name, function.cdk.function, self._claims_version)
        self._triggers[name] = function
        label = f"cognito {self.id} {name}"
        detail = {"trigger": name, "sources": list(kind.sources)}
        function.triggers.append(Trigger(kind="cognito", label=label, resource=self.path, detail=detail))

    def _create_clients(self, clients: Mapping[str, Mapping[str, Any]]) -> None:
        existing = self.cdk_import("user_pool_client", {"clients": clients or None})
        if existing is not None:
            self._clients["client"] = existing
        for name, settings in {} if existing is not None else (clients or {"client": {}}).items():
            child_id = f"Client_{identifier(name)}" if clients else "Client"
            own = with_durations(self, InvalidCognito, {**settings, **self.cdk_props("user_pool_client")})
            self._clients[name] = create_client(
                self, child_id, self.cdk.user_pool, own, triggers=self._triggers
            )
        self.cdk.user_pool_client = next(iter(self._clients.values()))

    def _create_identity_pool(
        self,
        wanted: bool,  # noqa: FBT001 - the caller's own argument
        guests: bool,  # noqa: FBT001 - the caller's own argument
        federation: Mapping[str, Mapping[str, str]],
    ) -> None:
        roles: dict[str, iam.Role | None] = {SIGNED_IN: None, GUESTS: None}
        self.cdk.identity_pool = None
        if wanted:
            clients = [
                {
                    "client_id": client.user_pool_client_id,
                    "provider_name": f"cognito-idp.{self.stack.region}.{self.stack.url_suffix}/{self.user_pool_id}",
                }
                for client in self._clients.values()
            ]
            pool = create_identity_pool(
                self,
                guests=guests,
                providers=login_providers(self, federation, InvalidCognito),
                user_pools=clients,
                over=self.cdk_props("identity_pool"),
            )
            for who in (SIGNED_IN, GUESTS) if guests else (SIGNED_IN,):
                roles[who] = create_role(self, pool, who, self.cdk_props(f"{who}_role"))
            attach_roles(self, pool, roles)
            self.cdk.identity_pool = pool
        elif guests or federation:
            argument = "guests" if guests else "federation"
            raise self.error(
                InvalidCognito,
                f"Cognito `{self.id}` has `{argument}` and no identity pool",
                why="they are given credentials by the identity pool, which `identity_pool=False` leaves out",
                fix=f"remove `identity_pool=False`, or `{argument}`",
            )
        self.cdk.authenticated_role = roles[SIGNED_IN]
        self.cdk.unauthenticated_role = roles[GUESTS]

    def grant_signed_in(self, permissions: Sequence[Permission]) -> None:
        """Let signed-in users use resources with the credentials of the identity pool.

        Args:
            permissions: As for a function: `(photos, "grant_read")`, `table`, a PolicyStatement.

        Example:
            >>> users.grant_signed_in([(photos, "grant_read")])
        """
        self._grant(self.cdk.authenticated_role, permissions, "identity_pool=True")

    def grant_own_objects(self, bucket: Bucket, prefix: str = "private") -> None:
        """Let each signed-in user read, write, list and delete objects of their own, and of nobody else.

        They are below `<prefix>/<identity id>/`, where the identity id is what the identity pool calls the user. IAM
        fills it in for whoever calls: https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html

        Args:
            bucket: Where the objects are.
            prefix: What the names of all of them begin with.

        Example:
            >>> users.grant_own_objects(photos)
        """
        self.grant_signed_in(own_objects(str(bucket.bucket_arn), prefix.strip("/")))

    def grant_guests(self, permissions: Sequence[Permission]) -> None:
        """Let whoever has not signed in use resources with the credentials of the identity pool.

        Args:
            permissions: As for a function.
        """
        self._grant(self.cdk.unauthenticated_role, permissions, "guests=True")

    def _grant(self, role: iam.Role | None, permissions: Sequence[Permission], argument: str) -> None:
        if role is None:
            raise self.error(
                InvalidCognito,
                f"Cognito `{self.id}` gives nobody credentials for that",
                why="permissions are for the credentials that the identity pool hands out",
                fix=f"set `{argument}`",
            )
        for permission in permissions:
            grant_permission(permission, role, self.error)

    def grant_to_triggers(self, *actions: str) -> None:
        """Let the functions of the triggers call operations of this pool, such as `cognito-idp:AdminAddUserToGroup`.

        It is a policy apart: one that the functions wait for could not name the pool, which waits for the functions.

        Args:
            actions: Operations of Cognito.

        Example:
            >>> users.grant_to_triggers("cognito-idp:AdminAddUserToGroup")
        """
        statement = iam.PolicyStatement(actions=list(actions), resources=[self.user_pool_arn])
        policy = self.node.try_find_child("TriggerPolicy")
        if not isinstance(policy, iam.Policy):
            policy = iam.Policy(self, "TriggerPolicy")
            for function in {one.path: one for one in self._triggers.values()}.values():
                policy.attach_to_role(function.cdk.function.role)
        policy.add_statements(statement)

    def function(self, trigger: str) -> Function:
        """Return the function of a trigger.

        Raises:
            InvalidCognito: There is no such trigger.
        """
        if trigger not in self._triggers:
            raise self._unknown("trigger", trigger, self._triggers)
        return self._triggers[trigger]

    def client(self, name: str) -> cognito.IUserPoolClient:
        """Return a client of the pool as the CDK knows it.

        Raises:
            InvalidCognito: There is no such client.
        """
        if name not in self._clients:
            raise self._unknown("client", name, self._clients)
        return self._clients[name]

    def _unknown(self, what: str, name: str, known: Mapping[str, object]) -> Exception:
        close = suggestion(name, known)
        return self.error(
            InvalidCognito,
            f"Cognito `{self.id}` has no {what} `{name}`",
            why=f"it has {listed(known)}" if known else "it has none",
            fix=f"write `{close}`" if close else f"add it to `{what}s`",
        )

    @property
    def user_pool_id(self) -> str:
        """Id of the user pool, known to CloudFormation."""
        return str(self.cdk.user_pool.user_pool_id)

    @property
    def user_pool_arn(self) -> str:
        """ARN of the user pool, known to CloudFormation."""
        return str(self.cdk.user_pool.user_pool_arn)

    @property
    def client_id(self) -> str:
        """Id of the first client, known to CloudFormation."""
        return str(self.cdk.user_pool_client.user_pool_client_id)

    @property
    def client_ids(self) -> list[str]:
        """Ids of all clients, known to CloudFormation."""
        return [str(client.user_pool_client_id) for client in self._clients.values()]

    @property
    def identity_pool_id(self) -> str | None:
        """Id of the identity pool, known to CloudFormation; None without one."""
        return None if self.cdk.identity_pool is None else str(self.cdk.identity_pool.ref)

    @property
    def grants(self) -> cognito.IUserPool:
        """The CDK's user pool."""
        pool: cognito.IUserPool = self.cdk.user_pool
        return pool

    def grant_read_users(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a function look users up: get, list, and their groups."""
        granted: iam.Grant = self.cdk.user_pool.grant(grantee, *_READ_USERS)
        return granted

    def binding(self) -> Binding:
        """Return the ids and the ARN of the pool, and the permission to look users up."""
        values = {
            "user_pool_id": self.user_pool_id,
            "user_pool_arn": self.user_pool_arn,
            "client_id": self.client_id,
        }
        if self.identity_pool_id is not None:
            values["identity_pool_id"] = self.identity_pool_id
        return Binding(kind=self.kind, name=self.id, values=values, grant=self.grant_read_users)

    def primary_path(self) -> str:
        """Return the path of the user pool's CloudFormation resource."""
        return f"{self.path}/UserPool/Resource"

    def attributes(self) -> dict[str, Any]:
        """Return the triggers, with the function behind each, and the names of the clients.

        Raises:
            CognitoTriggerCycle: One of the functions is bound to the pool.
        """
        for name, function in self._triggers.items():
            entry = function.function_entry()
            if entry is not None and self.path in entry.bindings:
                raise self.error(
                    CognitoTriggerCycle,
                    f"Cognito `{self.id}` is bound to Function `{function.id}`, its trigger `{name}`",
                    why="CloudFormation can create neither before the other",
                    fix=(
                        'remove it from `bind`, and read the pool\'s id from the event: `event["userPoolId"]`',
                        f'for rights over the pool call `{self.id.replace("-", "_")}.grant_to_triggers("cognito-idp:…")`',
                    ),
                )
        triggers = {name: function.path for name, function in self._triggers.items()}
        return {"triggers": triggers, "clients": list(self._clients)}
