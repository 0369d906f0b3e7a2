// Response streaming: `awslambda.streamifyResponse` and `awslambda.HttpResponseStream`.

import { logError } from "./console.mjs";
import { describeError, InvalidStreamingOperation, MalformedStreamingHandler } from "./errors.mjs";

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response";
const PRELUDE_END = new Uint8Array(8);

export function installGlobals(invocation) {
  globalThis.awslambda = {
    streamifyResponse(handler, options) {
      handler[STREAMING] = "response";
      if (typeof options?.highWaterMark === "number") handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
      return handler;
    },
    HttpResponseStream: {
      // The metadata (status, headers, cookies) goes before the first byte of the body.
      from(stream, metadata) {
        stream.setContentType(PRELUDE_TYPE);
        stream._onBeforeFirstWrite = (write) => {
          write(JSON.stringify(metadata));
          write(PRELUDE_END);
        };
        return stream;
      },
    },
    InvokeStore: invokeStore(invocation),
  };
}

export function streamingOf(handler) {
  const kind = handler[STREAMING];
  if (!kind) return undefined;
  if (kind !== "response") throw new MalformedStreamingHandler("Only response streaming is supported.");
  return { highWaterMark: handler[HIGH_WATER_MARK] };
}

export async function callStreaming(api, handler, requestId, event, context) {
  const { outgoing, answered, fail } = api.stream(requestId, handler.streaming.highWaterMark);
  prepare(outgoing);
  try {
    const returned = handler.call(event, outgoing, context);
    if (typeof returned?.then !== "function") throw new Error("Streaming does not support non-async handlers.");
    const result = await returned;
    if (result !== undefined) console.warn("Streaming handlers ignore return values.");
    if (!outgoing.writableEnded) throw new Error("Response stream is not finished.");
    await answered;
  } catch (error) {
    await new Promise(setImmediate);
    logError("Invoke Error", error);
    if (!outgoing.writableEnded) await fail(describeError(error));
    await answered;
  }
}

function prepare(outgoing) {
  let started = false;
  const write = outgoing.write.bind(outgoing);
  const start = () => {
    if (started) return;
    started = true;
    outgoing._onBeforeFirstWrite?.((chunk) => write(chunk));
  };
  outgoing.setContentType = (type) => {
    if (started) throw new InvalidStreamingOperation("Cannot set content-type, too late.");
    outgoing.setHeader("Content-Type", type);
  };
  outgoing.write = (chunk, ...rest) => {
    start();
    return write(toBytes(chunk), ...rest);
  };
  // `end` stays Node's own: on Lambda, too, a response that only calls `end` loses the metadata of HttpResponseStream.
}

function toBytes(chunk) {
  return typeof chunk === "string" || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk);
}

// What @aws/lambda-invoke-store finds on Lambda: ids of the running invocation, and a place for values that live as long.
function invokeStore(invocation) {
  const REQUEST_ID = Symbol.for("_AWS_LAMBDA_REQUEST_ID");
  const TRACE_ID = Symbol.for("_AWS_LAMBDA_X_RAY_TRACE_ID");
  const TENANT_ID = Symbol.for("_AWS_LAMBDA_TENANT_ID");
  const names = new Map([
    [REQUEST_ID, "requestId"],
    [TRACE_ID, "traceId"],
    [TENANT_ID, "tenantId"],
  ]);
  const get = (key) => invocation.store?.[names.get(key) ?? key];
  return {
    getContext: () => invocation.store,
    hasContext: () => invocation.store !== undefined,
    get,
    set(key, value) {
      if (names.has(key)) throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
      invocation.store = { ...invocation.store, [key]: value };
    },
    run(context, call) {
      invocation.store = context;
      return call();
    },
    getRequestId: () => get(REQUEST_ID) ?? "-",
    getXRayTraceId: () => get(TRACE_ID),
    getTenantId: () => get(TENANT_ID),
  };
}
