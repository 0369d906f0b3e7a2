// One invocation after the other: ask for the next, call the handler, post what came of it.

import { buildContext } from "./context.mjs";
import { logError } from "./console.mjs";
import { describeError } from "./errors.mjs";
import { callStreaming } from "./stream.mjs";

export async function serve(api, handler, invocation) {
  for (;;) {
    const { headers, body } = await api.next();
    const requestId = headers["lambda-runtime-aws-request-id"];
    const traceId = headers["lambda-runtime-trace-id"];
    invocation.requestId = requestId;
    invocation.store = { requestId, traceId, tenantId: headers["lambda-runtime-aws-tenant-id"] };
    if (traceId) process.env._X_AMZN_TRACE_ID = traceId;
    else delete process.env._X_AMZN_TRACE_ID;
    let outcome;
    try {
      const event = JSON.parse(body);
      const context = buildContext(headers);
      if (handler.streaming) {
        await callStreaming(api, handler, requestId, event, context);
        continue;
      }
      outcome = { text: toJson(await (handler.callbacks ? callWithCallback : callPlain)(handler, event, context)) };
    } catch (error) {
      // Output that the handler's last microtasks write belongs to this invocation.
      await new Promise(setImmediate);
      logError("Invoke Error", error);
      outcome = { error };
    }
    if (outcome.text !== undefined) await api.response(requestId, outcome.text);
    else await api.error(requestId, describeError(outcome.error));
  }
}

function callPlain(handler, event, context) {
  return handler.call(event, context);
}

// Node runtimes before 24: the result may come by callback, by context.done and its kin, or as a promise; a callback's
// result is sent when nothing is left to do, unless the handler says not to wait for that.
function callWithCallback(handler, event, context) {
  return new Promise((resolve, reject) => {
    let waits = true;
    let atIdle = () => succeed(null); // neither a promise nor a callback: Lambda answers null
    const idle = () => setImmediate(() => atIdle());
    process.on("beforeExit", idle);
    const finish = (settle) => (value) => {
      process.off("beforeExit", idle);
      settle(value);
    };
    const succeed = finish(resolve);
    const fail = finish(reject);
    const isFailure = (error) => error !== undefined && error !== null;
    Object.defineProperty(context, "callbackWaitsForEmptyEventLoop", {
      enumerable: true,
      get: () => waits,
      set: (value) => (waits = Boolean(value)),
    });
    context.succeed = succeed;
    context.fail = (error) => fail(isFailure(error) ? error : "handled");
    context.done = (error, result) => (isFailure(error) ? fail(error) : succeed(result));
    const callback = (error, result) => {
      if (isFailure(error)) fail(error);
      else if (waits) atIdle = () => succeed(result);
      else succeed(result);
    };
    try {
      const returned = handler.call(event, context, callback);
      if (typeof returned?.then === "function") returned.then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  });
}

function toJson(value) {
  try {
    return JSON.stringify(value === undefined ? null : value) ?? "null";
  } catch {
    throw new Error("Unable to stringify response body");
  }
}
