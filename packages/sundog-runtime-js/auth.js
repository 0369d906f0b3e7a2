// Sessions of an `Auth`: who has signed in. The twin of Python's `sundog_runtime.auth`: same tokens, same cookies, same checks.
// People are signed in by a function in Python; functions in JavaScript check their sessions, with the public key.

import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { sdk } from "./sdk.js";

const PREFIX = "SUNDOG_RESOURCE_";
const SIGNER_PREFIX = "SUNDOG_AUTH_SIGNER_";
const PURPOSE = "session";
const ALGORITHM = "RS256"; // never the token's own choice
const WEB_SOCKET_PROTOCOL = "session";
const LONGEST = 8192;
const SHORTEST_BITS = 2048;
const SKEW_SECONDS = 60;
const KEPT_SECONDS = 300;
const SETTLED_SECONDS = 2 * KEPT_SECONDS;
const RETRY_SECONDS = 30;

/** No `Auth` is bound to the function, or there are several and none was named. */
export class AuthNotBound extends Error {
  name = "AuthNotBound";
}

/** A function that can only check sessions wants to make one. */
export class CannotSign extends Error {
  name = "CannotSign";
}

/** A request without a session, or with one that is not good any more. */
export class NotSignedIn extends Error {
  name = "NotSignedIn";

  /** The answer of an API: 401. */
  response() {
    return {
      statusCode: 401,
      headers: { "content-type": "application/json", "cache-control": "no-store", "www-authenticate": "Bearer" },
      body: JSON.stringify({ message: "Unauthorized" }),
    };
  }
}

class InvalidToken extends Error {}

const now = () => Date.now() / 1000;

/** The newest key, which signs as soon as all know it, and those before it whose tokens are still good. */
class Keyring {
  #parameter;
  #keys = [];
  #fetchedAt = 0;
  #fetching;
  #client;

  constructor(parameter) {
    this.#parameter = parameter;
  }

  async current() {
    await this.#refresh(KEPT_SECONDS);
    return this.#keys.find((key) => now() >= key.made_at + SETTLED_SECONDS) ?? this.#keys.at(-1);
  }

  async find(id) {
    const found = () => this.#keys.find((key) => key.id === id);
    await this.#refresh(KEPT_SECONDS);
    // One that this process has not heard of may be new, so it asks again.
    if (!found()) await this.#refresh(RETRY_SECONDS);
    return found();
  }

  async #refresh(oldest) {
    if (this.#keys.length && now() < this.#fetchedAt + oldest) return;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  async #fetch() {
    try {
      const { SSMClient, GetParameterCommand } = await sdk("@aws-sdk/client-ssm", "Session");
      this.#client ??= new SSMClient();
      const asked = new GetParameterCommand({ Name: this.#parameter, WithDecryption: true });
      this.#keys = JSON.parse((await this.#client.send(asked)).Parameter.Value).keys;
    } catch (error) {
      if (!this.#keys.length) throw error;
      // Sessions that were good a minute ago are better than an API that fails with Systems Manager.
      console.warn(`the keys could not be fetched again: ${error}`);
    }
    this.#fetchedAt = now();
  }
}

const keyrings = new Map();

function keyringOf(parameter) {
  if (!keyrings.has(parameter)) keyrings.set(parameter, new Keyring(parameter));
  return keyrings.get(parameter);
}

function settingsOf(name) {
  const bound = Object.keys(process.env)
    .filter((variable) => variable.startsWith(PREFIX) && process.env[variable].includes('"Auth"'))
    .map((variable) => JSON.parse(process.env[variable]))
    .filter((values) => values.kind === "Auth" && (name === undefined || values.name === name));
  if (bound.length === 1) return bound[0];
  throw new AuthNotBound(
    bound.length
      ? "several Auths are bound to this function: name one, `auth: …`"
      : `${name ? `the Auth \`${name}\`` : "an Auth"} is not bound to this function; ` +
        `add \`bind=[${name ?? "auth"}]\` to it in \`app.py\`, or give it a route of the Auth's API`,
  );
}

function signingKeys(settings) {
  const parameter = process.env[SIGNER_PREFIX + settings.name.toUpperCase().replace(/[^A-Z0-9]/g, "_")];
  if (parameter === undefined) {
    throw new CannotSign(
      `only the authenticator of the Auth \`${settings.name}\` makes sessions, and this function is another; ` +
        `let it: \`permissions=[(${settings.name}, "grant_signing")]\` in \`app.py\``,
    );
  }
  return keyringOf(parameter);
}

function decoded(part) {
  // Buffer skips what does not belong; a token has nothing of that.
  if (!/^[A-Za-z0-9_-]*$/.test(part)) throw new InvalidToken("it is not encoded as a token is");
  return Buffer.from(part, "base64url");
}

function parsedObject(part) {
  let found;
  try {
    found = JSON.parse(decoded(part).toString());
  } catch (error) {
    if (error instanceof InvalidToken) throw error;
    throw new InvalidToken("a part of it is no JSON");
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) {
    throw new InvalidToken("a part of it is no object");
  }
  return found;
}

async function claimsOf(token, keyring) {
  const parts = token.length <= LONGEST ? token.split(".") : [];
  if (parts.length !== 3) throw new InvalidToken("it is no token");
  const header = parsedObject(parts[0]);
  if (header.alg !== ALGORITHM || typeof header.kid !== "string") throw new InvalidToken("it is signed in another way");
  const key = await keyring.find(header.kid);
  if (!key) throw new InvalidToken("it is signed with a key that is not or no longer used");
  const signature = decoded(parts[2]);
  const publicKey = createPublicKey({ key: { kty: "RSA", n: key.jwk.n, e: key.jwk.e }, format: "jwk" });
  const isLong = publicKey.asymmetricKeyDetails.modulusLength >= SHORTEST_BITS;
  // Signature first: nothing of an unsigned body is looked at.
  if (!isLong || !verify("RSA-SHA256", Buffer.from(`${parts[0]}.${parts[1]}`), publicKey, signature)) {
    throw new InvalidToken("it was changed, or is for something else");
  }
  const claims = parsedObject(parts[1]);
  if (claims.aud !== PURPOSE) throw new InvalidToken("it is for something else");
  if (!Number.isInteger(claims.exp) || claims.exp <= now()) throw new InvalidToken("it has expired");
  if (!Number.isInteger(claims.iat) || claims.iat > now() + SKEW_SECONDS) {
    throw new InvalidToken("it is from the future");
  }
  return claims;
}

function tokenIn(event, settings) {
  const headers = Object.fromEntries(
    Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const [scheme, ...rest] = (headers.authorization ?? "").split(" ");
  // Whoever sends one means it: a cookie must not stand in for a bad one.
  if (scheme.toLowerCase() === "bearer") return rest.join(" ").trim();
  const isSecure = settings.url.startsWith("https://");
  const wanted = `${isSecure ? "__Host-" : ""}${settings.name}-session`;
  for (const pair of event.cookies?.length ? event.cookies : (headers.cookie ?? "").split(";")) {
    const [name, ...value] = pair.trim().split("=");
    if (name === wanted && value.length) return value.join("=");
  }
  // Browsers let pages send nothing else to a WebSocket on another host: `new WebSocket(url, ["session", token])`.
  const [protocol, token] = (headers["sec-websocket-protocol"] ?? "").split(",").map((one) => one.trim());
  return protocol === WEB_SOCKET_PROTOCOL ? token : undefined;
}

/** Somebody who has signed in. */
export class Session {
  constructor({ sub, properties, iat, exp }) {
    this.subject = sub;
    this.properties = properties;
    this.issuedAt = iat;
    this.expiresAt = exp;
  }

  /** The session of a request, or of a token; rejects with `NotSignedIn`. */
  static async verify(event, { auth } = {}) {
    const settings = settingsOf(auth);
    const token = typeof event === "string" ? event : tokenIn(event, settings);
    if (!token) throw new NotSignedIn("the request has no session");
    let claims;
    try {
      claims = await claimsOf(token, keyringOf(settings.public_keys));
    } catch (error) {
      if (!(error instanceof InvalidToken)) throw error;
      throw new NotSignedIn(`the session is not good: ${error.message}`);
    }
    if (claims.iss !== settings.name) throw new NotSignedIn("the session is of another Auth");
    return new Session(claims);
  }

  /** The session of a request, or undefined when nobody has signed in. */
  static async find(event, options = {}) {
    try {
      return await Session.verify(event, options);
    } catch (error) {
      if (!(error instanceof NotSignedIn)) throw error;
      return undefined;
    }
  }

  /** The token of a new session; rejects with `CannotSign` in functions that were not let make any. */
  static async create(subject, properties = {}, { expiresIn, auth } = {}) {
    const settings = settingsOf(auth);
    const key = await signingKeys(settings).current();
    const issued = Math.floor(now());
    const seconds = Math.min(settings.session_seconds, expiresIn ?? settings.session_seconds);
    const claims = {
      sub: subject,
      iss: settings.name,
      properties,
      aud: PURPOSE,
      iat: issued,
      exp: issued + Math.trunc(seconds),
    };
    const signed = [{ alg: ALGORITHM, kid: key.id, typ: "JWT" }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const privateKey = createPrivateKey({ key: key.jwk, format: "jwk" });
    return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), privateKey).toString("base64url")}`;
  }
}

/** Answer 401 to requests without a session; hand the session of others to the handler. */
export function signedIn(handler) {
  return async (event, context) => {
    let session;
    try {
      session = await Session.verify(event);
    } catch (error) {
      if (!(error instanceof NotSignedIn)) throw error;
      return error.response();
    }
    return handler(event, context, session);
  };
}
