// The Lambda Runtime API, version 2018-06-01, over one kept-alive connection.
//
// What it needs of node:http is taken when this module loads, so that a handler that patches http (to record, to mock)
// does not see or break the runtime's own calls.

import { Agent, request } from "node:http";
import { connect } from "node:net";

const PREFIX = "/2018-06-01/runtime";
const TRAILER_TYPE = "Lambda-Runtime-Function-Error-Type";
const TRAILER_BODY = "Lambda-Runtime-Function-Error-Body";

export class RuntimeApi {
  #hostname;
  #port;
  #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(address) {
    const separator = address.lastIndexOf(":");
    this.#hostname = address.slice(0, separator);
    this.#port = Number(address.slice(separator + 1));
    this.#connectAhead();
  }

  // The connection is made while the process becomes a function, and is there when the first request is.
  #connectAhead() {
    const later = this.#agent.createConnection;
    let ahead = connect({ host: this.#hostname, port: this.#port, noDelay: true });
    const failed = () => (ahead = undefined); // the first request tries again, and says why
    ahead.once("error", failed);
    this.#agent.createConnection = (...values) => {
      this.#agent.createConnection = later;
      ahead?.off("error", failed);
      return ahead ?? later.apply(this.#agent, values);
    };
  }

  async next() {
    const { headers, body } = await this.#send("GET", "/invocation/next");
    return { headers, body };
  }

  async response(requestId, text) {
    await this.#send("POST", `/invocation/${requestId}/response`, text);
  }

  async error(requestId, { report, cause }) {
    await this.#send("POST", `/invocation/${requestId}/error`, JSON.stringify(report), errorHeaders(report, cause));
  }

  async initError({ report, cause }) {
    await this.#send("POST", "/init/error", JSON.stringify(report), errorHeaders(report, cause));
  }

  // Opens a streamed response: a writable request, and a promise of the session's answer to it.
  stream(requestId, highWaterMark) {
    const outgoing = request({
      hostname: this.#hostname,
      port: this.#port,
      agent: this.#agent,
      method: "POST",
      path: `${PREFIX}/invocation/${requestId}/response`,
      highWaterMark,
      headers: {
        "Content-Type": "application/octet-stream",
        "Lambda-Runtime-Function-Response-Mode": "streaming",
        "Transfer-Encoding": "chunked",
        Trailer: `${TRAILER_TYPE}, ${TRAILER_BODY}`,
      },
    });
    const answered = new Promise((resolve, reject) => {
      outgoing.on("error", reject);
      outgoing.on("response", (incoming) => {
        incoming.resume();
        incoming.on("end", resolve);
        incoming.on("error", reject);
      });
    });
    answered.catch(() => {}); // whoever waits for it sees the failure; an abandoned stream must not end the process
    const fail = ({ report }) =>
      new Promise((resolve) => {
        outgoing.addTrailers({
          [TRAILER_TYPE]: headerText(report.errorType),
          [TRAILER_BODY]: Buffer.from(JSON.stringify(report)).toString("base64"),
        });
        outgoing.end(resolve);
      });
    return { outgoing, answered, fail };
  }

  #send(method, path, text, headers = {}) {
    const body = text === undefined ? undefined : Buffer.from(text);
    const length = body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": body.length };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          hostname: this.#hostname,
          port: this.#port,
          agent: this.#agent,
          method,
          path: PREFIX + path,
          headers: { ...length, ...headers },
        },
        (incoming) => {
          const chunks = [];
          incoming.on("data", (chunk) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () =>
            resolve({ status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(chunks).toString() }),
          );
        },
      );
      // The session is gone, or has closed this environment: there is nobody left to serve.
      outgoing.on("error", () => process.exit(0));
      outgoing.end(body);
    });
  }
}

function errorHeaders(report, cause) {
  const headers = { [TRAILER_TYPE]: headerText(report.errorType) };
  // AWS refuses a cause of 1 MB and more.
  if (cause !== undefined && cause.length < 1024 * 1024) headers["Lambda-Runtime-Function-XRay-Error-Cause"] = cause;
  return headers;
}

function headerText(value) {
  return String(value).replace(/[^\x20-\x7e]/g, "?");
}
