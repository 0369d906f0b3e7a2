// `resources`: the bound resources, read from the function's environment variables when they are asked for.
//
// A binding is the variable `SUNDOG_RESOURCE_<NAME>` with a JSON object: its kind, its name, and what it is called on AWS.
// The twin of Python's `sundog_runtime`: same variables, same messages; names are written as JavaScript writes them.

import { sdk } from "./sdk.js";

export { AuthNotBound, CannotSign, NotSignedIn, Session, signedIn } from "./auth.js";

const PREFIX = "SUNDOG_RESOURCE_";
const SECRET_SECONDS = 60;
const RETRY_SECONDS = 5;
const MOST_NAMES = 10; // in one request to Systems Manager
const LARGEST_JOB = 32 * 1024; // it reaches CodeBuild in an environment variable

/** The AWS SDK's package and class by kind. */
const CLIENTS = {
  Bucket: ["@aws-sdk/client-s3", "S3Client"],
  EventBus: ["@aws-sdk/client-eventbridge", "EventBridgeClient"],
  Function: ["@aws-sdk/client-lambda", "LambdaClient"],
  Job: ["@aws-sdk/client-lambda", "LambdaClient"],
  KinesisStream: ["@aws-sdk/client-kinesis", "KinesisClient"],
  Queue: ["@aws-sdk/client-sqs", "SQSClient"],
  Table: ["@aws-sdk/client-dynamodb", "DynamoDBClient"],
  Topic: ["@aws-sdk/client-sns", "SNSClient"],
};

export class ResourceNotBound extends Error {
  name = "ResourceNotBound";
}

export class UnknownAttribute extends Error {
  name = "UnknownAttribute";
}

export class SecretNotSet extends Error {
  name = "SecretNotSet";
}

export class JobFailed extends Error {
  name = "JobFailed";
}

// Node and tools ask any object for these; no resource is meant.
const ASKED_BY_NODE = new Set(["then", "toJSON", "constructor", "prototype", "inspect", "nodeType", "asymmetricMatch"]);

const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

function closest(name, known) {
  let best;
  for (const candidate of known) {
    const distance = edits(name, candidate);
    if (distance <= Math.max(name.length, candidate.length) * 0.4 && (!best || distance < best.distance)) {
      best = { candidate, distance };
    }
  }
  return best?.candidate;
}

function edits(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[other.length];
}

/** The values of a function's secrets: fetched together, and again when they may have changed. */
class Shelf {
  #environ;
  #bound;
  #values = new Map();
  #goodUntil = 0;
  #fetching;
  #client;

  constructor(environ, bound) {
    this.#environ = environ;
    this.#bound = bound;
  }

  async valueOf(secret) {
    let found = Date.now() < this.#goodUntil ? this.#find(secret) : undefined;
    if (found === undefined) {
      this.#fetching ??= this.#fetch(secret).finally(() => {
        this.#fetching = undefined;
      });
      await this.#fetching;
      found = this.#find(secret);
    }
    if (found === undefined) {
      const stage = secret.parameter.split("/")[3];
      throw new SecretNotSet(
        `the secret \`${secret.name}\` has no value on the stage \`${stage}\`; ` +
          `run \`sundog secret set ${secret.name} --stage ${stage}\``,
      );
    }
    return found;
  }

  #find(secret) {
    return this.#values.get(secret.parameter) ?? this.#values.get(secret.fallback);
  }

  async #fetch(secret) {
    const seconds = Number(this.#environ.SUNDOG_SECRET_SECONDS ?? SECRET_SECONDS);
    try {
      const { SSMClient, GetParametersCommand } = await sdk("@aws-sdk/client-ssm", `resources.${secret.name}.value()`);
      this.#client ??= new SSMClient();
      const names = this.#bound().flatMap((one) => [one.parameter, one.fallback]);
      const fetched = new Map();
      for (let first = 0; first < names.length; first += MOST_NAMES) {
        const some = names.slice(first, first + MOST_NAMES);
        const answer = await this.#client.send(new GetParametersCommand({ Names: some, WithDecryption: true }));
        for (const one of answer.Parameters ?? []) fetched.set(one.Name, one.Value);
      }
      this.#values = fetched;
      this.#goodUntil = Date.now() + seconds * 1000;
    } catch (error) {
      if (this.#find(secret) === undefined) throw error;
      // What was right a minute ago is better than a handler that fails with Systems Manager.
      console.warn(`the secrets could not be fetched again: ${error}`);
      this.#goodUntil = Date.now() + Math.min(seconds, RETRY_SECONDS) * 1000;
    }
  }
}

/** What starts and cancels a job: both through the job's manager. */
function jobOf({ name, manager_name }, client) {
  async function ask(what, called) {
    const request = new TextEncoder().encode(JSON.stringify(what));
    if (request.length > LARGEST_JOB) {
      throw new JobFailed(
        `the payload of job \`${name}\` has ${request.length} bytes, ${LARGEST_JOB} is the most; ` +
          "put it into a bucket or a table, and pass its key",
      );
    }
    const { InvokeCommand } = await sdk(CLIENTS.Job[0], `resources.${name}.${called}()`);
    const answer = await (await client()).send(new InvokeCommand({ FunctionName: manager_name, Payload: request }));
    const told = JSON.parse(new TextDecoder().decode(answer.Payload));
    if (answer.FunctionError) throw new JobFailed(`job \`${name}\`: ${told.errorMessage ?? JSON.stringify(told)}`);
    return told.id;
  }
  return {
    run: (payload = null) => ask({ run: payload }, "run"),
    cancel: async (job) => void (await ask({ cancel: job }, "cancel")),
  };
}

function resourceOf(values, shelf) {
  const made = Object.fromEntries(Object.entries(values).map(([name, value]) => [camel(name), value]));
  const client = CLIENTS[values.kind];
  if (client) {
    let ready;
    made.client = () => {
      ready ??= sdk(client[0], `resources.${values.name}.client()`).then((found) => new found[client[1]]());
      return ready;
    };
  }
  if (values.kind === "Job") Object.assign(made, jobOf(values, made.client));
  if (values.kind === "Secret") {
    const given = values.value;
    made.value = async () => given ?? shelf.valueOf(values);
  }
  return new Proxy(made, {
    get(target, attribute) {
      if (typeof attribute === "symbol" || attribute in target || ASKED_BY_NODE.has(attribute)) return target[attribute];
      const known = Object.keys(target).sort();
      const close = closest(attribute, known);
      const hint = close ? `did you mean \`${close}\`?` : `it has ${known.join(", ")}`;
      throw new UnknownAttribute(`${values.kind} \`${values.name}\` has no \`${attribute}\`; ${hint}`);
    },
  });
}

/** Reads bindings from an environment. */
export function readResources(environ = process.env) {
  const read = new Map();
  const names = () =>
    Object.keys(environ)
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => name.slice(PREFIX.length).toLowerCase())
      .sort();
  const secrets = () =>
    names()
      .map((name) => JSON.parse(environ[variableOf(name)]))
      .filter((values) => values.kind === "Secret" && values.value === undefined);
  const shelf = new Shelf(environ, secrets);
  const variableOf = (name) => PREFIX + name.toUpperCase().replace(/[^A-Z0-9]/g, "_");

  function find(name) {
    const text = environ[variableOf(name)];
    if (text === undefined) throw new ResourceNotBound(notBound(name));
    let found = read.get(name);
    if (found?.text !== text) {
      found = { text, resource: resourceOf(JSON.parse(text), shelf) };
      read.set(name, found);
    }
    return found.resource;
  }

  function notBound(name) {
    const bound = names();
    const handler = environ._HANDLER;
    const which = handler ? `the function with the handler \`${handler}\`` : "this function";
    const close = closest(name.toLowerCase().replaceAll("-", "_"), bound);
    const also = bound.length ? `; bound to it: ${bound.join(", ")}` : "";
    const hint = close ? `did you mean \`resources.${close}\`?` : `add \`bind=[${name}]\` to ${which} in \`app.py\`${also}`;
    return `\`resources.${name}\` is not bound to ${which}; ${hint}`;
  }

  return new Proxy(Object.create(null), {
    get(_, name) {
      if (typeof name === "symbol") return undefined;
      if (ASKED_BY_NODE.has(name) && environ[variableOf(name)] === undefined) return undefined;
      return find(name);
    },
    has: (_, name) => typeof name === "string" && names().includes(name.replaceAll("-", "_").toLowerCase()),
    ownKeys: names,
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  });
}

/** The bound resources of the running function. */
export const resources = readResources();
