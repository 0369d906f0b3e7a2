"""What must be in an account before the first stack: a bucket for assets, and a parameter that says so.

In AWS `cdk bootstrap` makes them, and this module checks its version. Elsewhere the parameter is written here, and the
bucket made when the first asset finds none (`assets`), so that templates synthesized for AWS deploy unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable

from sundog.aws import ssm
from sundog.aws.endpoint import AwsConnection
from sundog.deploy.assembly import StackTemplate
from sundog.deploy.concurrency import for_all
from sundog.errors import DeployError

VERSION = "30"
"""The version of the bootstrap that an unprepared endpoint is said to have: high enough for every rule of the CDK."""


class BootstrapMissing(DeployError):
    """The account and region have not been prepared with `cdk bootstrap`, or by one that is too old.

    It makes the bucket and the roles that deployments of CDK apps use. It is needed once per account and region.
    """

    code = "SD-DEPLOY-006"


async def ensure_bootstrap(connection: AwsConnection, stacks: Iterable[StackTemplate]) -> None:
    """Check, or where `cdk bootstrap` cannot run make, what the stacks need.

    Raises:
        BootstrapMissing: The account must be bootstrapped.
    """
    needed: dict[str, tuple[int, str]] = {}
    for stack in stacks:
        if stack.bootstrap_parameter is not None:
            version = max(stack.bootstrap_version or 0, needed.get(stack.bootstrap_parameter, (0, ""))[0])
            needed[stack.bootstrap_parameter] = (version, stack.name)

    async def one(name: str) -> None:
        version, stack = needed[name]
        found = await ssm.parameter(connection, name)
        if not connection.uses_bootstrap:
            if found is None:
                await ssm.put_parameter(connection, name, VERSION)
            return
        if found is None or not found.isdigit() or int(found) < version:
            account = await connection.account_id()
            place = f"aws://{account}/{connection.region}"
            profile = f" --profile {connection.profile}" if connection.profile else ""
            raise BootstrapMissing(
                f"`{place}` is not bootstrapped for the CDK"
                if found is None
                else f"the CDK bootstrap of `{place}` has version {found}, `{stack}` needs {version}",
                where=f"SSM parameter {name}",
                why="deployments use the bucket and the roles that it makes",
                fix=f"run `npx cdk bootstrap {place}{profile}` once",
            )

    await for_all(one, needed)
