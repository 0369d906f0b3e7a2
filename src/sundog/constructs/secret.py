"""A secret of the app, whose value is given on the command line and never in a template."""

from __future__ import annotations

from typing import Any

import aws_cdk
import aws_cdk.aws_iam as iam
from constructs import Construct

from sundog.constructs._binding import Binding
from sundog.constructs._construct import SundogConstruct
from sundog.model.secrets import FALLBACK, secret_parameter


class Secret(SundogConstruct):
    """A secret: a key, a password, a token.

    `sundog secret set` gives each stage its value, or all stages a fallback. Systems Manager keeps it encrypted; a function
    that it is bound to fetches it when it is first asked for, so it is in no template, variable or log. A function that
    runs sees a changed value within a minute, and under `sundog dev` at once.

    Args:
        scope: The stack, or any construct in it.
        id: Its name on the command line and in `resources`; unique among the secrets and parameters of the app.

    Example:
        >>> stripe_key = Secret(stack, "stripe_key")
        >>> Function(stack, "pay", handler="functions/payments.pay", bind=[stripe_key])
    """

    kind = "Secret"
    id_space = "Configuration"
    makes_resource = False

    def __init__(self, scope: Construct, id: str) -> None:  # noqa: A002 - the CDK's own name
        super().__init__(scope, id)
        app = self.registry.project.settings.name
        self.parameter = secret_parameter(app, self.registry.stage.name, id)
        self.fallback = secret_parameter(app, FALLBACK, id)
        self.registry.constructs.append(self)

    @property
    def grants(self) -> Secret:
        """The secret, which has the one grant."""
        return self

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to read the value.

        The key that Systems Manager encrypts with unless told otherwise, `alias/aws/ssm`, needs no permission of its own:
        https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
        """
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["ssm:GetParameters"],
            resource_arns=[self._arn(self.parameter), self._arn(self.fallback)],
        )

    def _arn(self, parameter: str) -> str:
        return self.stack.format_arn(
            service="ssm",
            resource="parameter",
            resource_name=parameter.removeprefix("/"),
            arn_format=aws_cdk.ArnFormat.SLASH_RESOURCE_NAME,
        )

    def binding(self) -> Binding:
        """Return the names of the parameters, and the permission to read them."""
        return Binding(
            kind=self.kind,
            name=self.id,
            values={"parameter": self.parameter, "fallback": self.fallback},
            grant=self.grant_read,
        )

    def attributes(self) -> dict[str, Any]:
        """Return where the value is kept."""
        return {"parameter": self.parameter, "fallback": self.fallback}
