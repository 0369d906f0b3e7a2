"""`resources`: the bound resources, read from the function's environment variables when they are asked for.

A binding is the variable `SUNDOG_RESOURCE_<NAME>` with a JSON object: its kind, its name, and what it is called on AWS.

One module on purpose, with nothing imported but `os` and `_thread`: opening a further file would take longer than all
the code below, at every cold start of every function.
"""

from __future__ import annotations

import os
from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

PREFIX = "SUNDOG_RESOURCE_"
SECRET_SECONDS = 60
"""For how long a secret is kept; `SUNDOG_SECRET_SECONDS` says otherwise.

A changed secret reaches a deployed function after this time at the latest. Systems Manager answers 40 requests a second
in an account unless it is told to answer more: that is enough for 2,400 environments which ask once a minute.
https://docs.aws.amazon.com/general/latest/gr/ssm.html
"""
_MOST_NAMES = 10  # in one request: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
_RETRY_SECONDS = 5
_LARGEST_JOB = 32 * 1024  # it reaches CodeBuild in an environment variable

# boto3's default session must not be used by two threads at once while a client is made.
_making = allocate_lock()


class ResourceNotBound(AttributeError):
    """A handler asks for a resource that is not bound to its function, or misspells one that is."""


class UnknownAttribute(AttributeError):
    """A handler asks a resource for something that it does not have."""


class SecretNotSet(LookupError):
    """A handler asks for a secret that has no value on its stage."""


class Resource:
    """A resource that is bound to the function."""

    def __init__(self, values: dict[str, Any]) -> None:
        """Take the values of the binding: names, ARNs and URLs."""
        self.__dict__.update(values)
        self._values = values
        self._made: dict[str, Any] = {}

    kind: str
    """Name of the construct's class: `Table`."""
    name: str
    """The construct's id in `app.py`."""

    def __getattr__(self, attribute: str) -> str:
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        known = sorted({*self._values, *_made_by(type(self))})
        close = _closest(attribute, known)
        hint = f"did you mean `{close}`?" if close else f"it has {', '.join(known)}"
        raise UnknownAttribute(f"{self.kind} `{self.name}` has no `{attribute}`; {hint}")

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"

    def __dir__(self) -> list[str]:
        return sorted({*self._values, *_made_by(type(self))})

    def _make(self, what: str, service: str, **options: str) -> Any:
        made = self._made.get(what)
        if made is None:
            with _making:
                boto3 = _boto3(f"resources.{self.name}.{what}")
                make = boto3.client if what == "client" else boto3.resource
                made = make(service, **options)
                self._made[what] = made
        return made


class _WithClient(Resource):
    _service = ""

    @property
    def client(self) -> Any:
        """boto3's client of the service, made at the first use and kept."""
        return self._make("client", self._service)


class Table(_WithClient):
    """A DynamoDB table."""

    _service = "dynamodb"
    table_name: str
    table_arn: str

    @property
    def table(self) -> Any:
        """boto3's `dynamodb.Table`, made at the first use and kept."""
        if "bound_table" not in self._made:
            self._made["bound_table"] = self._make("table", "dynamodb").Table(self.table_name)
        return self._made["bound_table"]


class Queue(_WithClient):
    """An SQS queue."""

    _service = "sqs"
    queue_url: str
    queue_arn: str
    queue_name: str


class Api(Resource):
    """An HTTP, REST or GraphQL API."""

    url: str
    """Without a slash at the end."""


class WebSocketApi(Resource):
    """A WebSocket API."""

    url: str
    """Where clients connect: `wss://…`."""
    https_url: str
    """Where messages for the connections are sent."""

    @property
    def client(self) -> Any:
        """boto3's client for the API's connections, made at the first use and kept.

        `client.post_to_connection(ConnectionId=…, Data=…)` sends a message.
        """
        return self._make("client", "apigatewaymanagementapi", endpoint_url=self.https_url)


class Function(_WithClient):
    """Another Lambda function."""

    _service = "lambda"
    function_name: str
    function_arn: str
    function_url: str
    """Of a function that has a URL."""


class JobFailed(RuntimeError):
    """A job could not be started or cancelled."""


class Job(_WithClient):
    """A function that may run for hours."""

    _service = "lambda"

    manager_name: str
    """The function that starts and cancels it."""

    def run(self, payload: Any = None) -> str:
        """Start the job and return its id.

        Args:
            payload: What its handler is given: anything that JSON can carry, up to 32 kB.
        """
        return self._ask({"run": payload})

    def cancel(self, job: str) -> None:
        """End a job that was started; one that has ended already is left alone."""
        self._ask({"cancel": job})

    def _ask(self, what: dict[str, Any]) -> str:
        import json

        request = json.dumps(what)
        if len(request) > _LARGEST_JOB:
            raise JobFailed(
                f"the payload of job `{self.name}` has {len(request)} bytes, {_LARGEST_JOB} is the most; "
                "put it into a bucket or a table, and pass its key"
            )
        answer = self.client.invoke(FunctionName=self.manager_name, Payload=request)
        told = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise JobFailed(f"job `{self.name}`: {told.get('errorMessage', told)}")
        return str(told["id"])


class Parameter(Resource):
    """A value of the app's configuration, carried in the environment."""

    value: Any
    """As `app.py` gave it: text, a number, a boolean, a list or an object."""


class Secret(Resource):
    """A secret of the stage, kept in AWS Systems Manager as a SecureString."""

    parameter: str
    """Name of the parameter that holds the value of this stage."""
    fallback: str
    """Name of the parameter that holds the value of all stages without one of their own."""
    _shelf: Shelf

    @property
    def value(self) -> str:
        """The value, decrypted; fetched at the first use and kept for a minute.

        Raises:
            SecretNotSet: Neither the stage nor the app has a value for it.
        """
        given = self._values.get("value")
        return self._shelf.value_of(self) if given is None else given


class Shelf:
    """The values of a function's secrets: fetched together, and again when they may have changed."""

    def __init__(self, bound: Callable[[], list[Secret]], environ: Mapping[str, str]) -> None:
        """Take what lists the bound secrets; nothing is fetched."""
        self._bound = bound
        self._environ = environ
        self._values: dict[str, str] = {}
        self._good_until = 0.0
        self._fetching = allocate_lock()
        self._client: Any = None

    def value_of(self, secret: Secret) -> str:
        """Return the value of a secret.

        Raises:
            SecretNotSet: It has none.
        """
        found = self._kept(secret)
        if found is None:
            with self._fetching:
                found = self._kept(secret)
                if found is None:
                    self._fetch(secret)
                    found = self._values.get(secret.parameter, self._values.get(secret.fallback))
        if found is None:
            stage = secret.parameter.split("/")[3]
            raise SecretNotSet(
                f"the secret `{secret.name}` has no value on the stage `{stage}`; "
                f"run `sundog secret set {secret.name} --stage {stage}`"
            )
        return found

    def _kept(self, secret: Secret) -> str | None:
        import time

        # The wall clock: it goes on while Lambda freezes the process, and after a snapshot is restored.
        if time.time() >= self._good_until:
            return None
        return self._values.get(secret.parameter, self._values.get(secret.fallback))

    def _fetch(self, secret: Secret) -> None:
        import time

        secrets = self._bound()
        names = [name for one in secrets for name in (one.parameter, one.fallback)]
        seconds = float(self._environ.get("SUNDOG_SECRET_SECONDS", SECRET_SECONDS))
        try:
            if self._client is None:
                with _making:
                    self._client = _boto3(f"resources.{secret.name}.value").client("ssm")
            fetched = {}
            for first in range(0, len(names), _MOST_NAMES):
                some = names[first : first + _MOST_NAMES]
                response = self._client.get_parameters(Names=some, WithDecryption=True)
                fetched.update({found["Name"]: found["Value"] for found in response["Parameters"]})
        except Exception as error:
            if secret.parameter not in self._values and secret.fallback not in self._values:
                raise
            import logging

            # What was right a minute ago is better than a handler that fails with Systems Manager.
            logging.getLogger("sundog_runtime").warning("the secrets could not be fetched again: %s", error)
            self._good_until = time.time() + min(seconds, _RETRY_SECONDS)
            return
        self._values = fetched
        self._good_until = time.time() + seconds


class Topic(_WithClient):
    """An SNS topic."""

    _service = "sns"
    topic_arn: str
    topic_name: str


class Bucket(_WithClient):
    """An S3 bucket."""

    _service = "s3"
    bucket_name: str
    bucket_arn: str


class EventBus(_WithClient):
    """An EventBridge event bus."""

    _service = "events"
    event_bus_name: str
    event_bus_arn: str


class KinesisStream(_WithClient):
    """A Kinesis data stream."""

    _service = "kinesis"
    stream_name: str
    stream_arn: str


class Auth(Resource):
    """Sign-in for an API; `sundog_runtime.auth` uses it."""

    url: str
    """Address of the API, without a slash at the end."""
    prefix: str
    """Where the routes of the authenticator are: `/auth`."""
    redirects: list[str]
    """Origins that people may be sent back to."""
    session_seconds: int
    public_keys: str
    """Name of the parameter with the keys that check sessions."""
    table: str
    """Name of the table of what was used."""


class Cognito(Resource):
    """A user pool of Cognito."""

    user_pool_id: str
    user_pool_arn: str
    client_id: str
    identity_pool_id: str
    """Of a pool whose users are given credentials."""

    @property
    def client(self) -> Any:
        """boto3's client of Cognito's user pools, made at the first use and kept."""
        return self._make("client", "cognito-idp")


class Database(_WithClient):
    """A SQL database, used through the Data API."""

    _service = "rds-data"
    cluster_arn: str
    secret_arn: str
    database_name: str

    def execute(
        self, sql: str, *, transaction_id: str | None = None, **parameters: Any
    ) -> list[dict[str, Any]]:
        """Run one statement and return its rows, each as a dictionary by column.

        `:name` in the statement stands for the parameter `name`: a text, a number, a boolean, bytes or None.
        """
        # Only who sends statements pays for opening a further file.
        from sundog_runtime._sql import execute

        return execute(self, sql, transaction_id, parameters)


class StaticSite(Resource):
    """A web site."""

    url: str
    """Without a slash at the end."""


KINDS: dict[str, type[Resource]] = {
    "Auth": Auth,
    "Job": Job,
    "Cognito": Cognito,
    "Table": Table,
    "Queue": Queue,
    "Api": Api,
    "RestApi": Api,
    "AppSyncApi": Api,
    "Bucket": Bucket,
    "EventBus": EventBus,
    "Function": Function,
    "KinesisStream": KinesisStream,
    "Parameter": Parameter,
    "Secret": Secret,
    "Database": Database,
    "StaticSite": StaticSite,
    "Topic": Topic,
    "WebSocketApi": WebSocketApi,
}


class Resources:
    """The resources that are bound to this function, by their ids.

    `resources.my_queue` and `resources["my-queue"]` are the same.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Read bindings from an environment."""
        self._environ = environ
        self._read: dict[str, tuple[str, Resource]] = {}
        self._shelf = Shelf(self._secrets, environ)

    def __getattr__(self, name: str) -> Any:
        # Typed as Any: the generated stubs say which resources there are, and of which kind.
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Resource:
        variable = PREFIX + "".join(letter if letter.isalnum() else "_" for letter in name.upper())
        text = self._environ.get(variable)
        if text is None:
            raise ResourceNotBound(self._not_bound(name))
        read = self._read.get(variable)
        if read is None or read[0] != text:
            import json

            values = json.loads(text)
            resource = KINDS.get(values["kind"], Resource)(values)
            if isinstance(resource, Secret):
                resource._shelf = self._shelf
            read = self._read[variable] = (text, resource)
        return read[1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __contains__(self, name: str) -> bool:
        return name.replace("-", "_").lower() in self._names()

    def __dir__(self) -> list[str]:
        return self._names()

    def _names(self) -> list[str]:
        return sorted(name[len(PREFIX) :].lower() for name in self._environ if name.startswith(PREFIX))

    def _secrets(self) -> list[Secret]:
        every = [self[name] for name in self._names()]
        return [one for one in every if isinstance(one, Secret) and "value" not in one._values]

    def _not_bound(self, name: str) -> str:
        bound = self._names()
        handler = self._environ.get("_HANDLER")
        function = f"the function with the handler `{handler}`" if handler else "this function"
        close = _closest(name.lower().replace("-", "_"), bound)
        if close:
            hint = f"did you mean `resources.{close}`?"
        else:
            hint = f"add `bind=[{name}]` to {function} in `app.py`" + (
                f"; bound to it: {', '.join(bound)}" if bound else ""
            )
        return f"`resources.{name}` is not bound to {function}; {hint}"


def _closest(name: str, known: list[str]) -> str | None:
    """Return the known name nearest to a misspelt one, or None."""
    # Only a mistake pays for this import: it takes longer than all of this package.
    import difflib

    matches = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return matches[0] if matches else None


def _made_by(kind: type[Resource]) -> list[str]:
    return [name for name in dir(kind) if isinstance(getattr(kind, name), property)]


def _boto3(asked: str) -> Any:
    try:
        import boto3
    except ImportError as error:
        raise ImportError(f"`{asked}` needs boto3; add `boto3` to the dependencies of the project") from error
    return boto3


resources = Resources()
"""The bound resources of the running function."""
