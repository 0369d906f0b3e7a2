// Starts one execution environment: `node start.mjs <bundle>` at once, or `node start.mjs` as a spare that waits.
//
// A spare has loaded everything here and is told over its IPC channel what to become: the function's environment and
// bundle, then two file descriptors for its output. Starting Node costs 40 ms; becoming a function costs a few.

import fs from "node:fs";
import inspector from "node:inspector";
import { RuntimeApi } from "./api.mjs";
import { patchConsole, logError } from "./console.mjs";
import { describeError, UnhandledPromiseRejection } from "./errors.mjs";
import { loadHandler } from "./handler.mjs";
import { serve } from "./loop.mjs";
import { installGlobals } from "./stream.mjs";
import { warmUp } from "./warm.mjs";

// Standard output and standard error, in the order in which their handles are sent.
const OUTPUTS = [1, 2];
const EXIT_UNHANDLED_REJECTION = 128;
const EXIT_UNCAUGHT_EXCEPTION = 129;

const invocation = { requestId: undefined };

async function run(bundle, api, options) {
  process.chdir(process.env.LAMBDA_TASK_ROOT ?? ".");
  patchConsole(invocation);
  installGlobals(invocation);
  endOnFault(api, "uncaughtException", "Uncaught Exception", EXIT_UNCAUGHT_EXCEPTION, (error) => error);
  endOnFault(
    api,
    "unhandledRejection",
    "Unhandled Promise Rejection",
    EXIT_UNHANDLED_REJECTION,
    (reason, promise) => new UnhandledPromiseRejection(reason, promise),
  );
  if (options.waitForDebugger) inspector.waitForDebugger();
  let handler;
  try {
    handler = await loadHandler(bundle, process.env._HANDLER ?? "");
  } catch (error) {
    logError("Uncaught Exception", error);
    await api.initError(describeError(error));
    process.exit(EXIT_UNCAUGHT_EXCEPTION);
  }
  await serve(api, handler, invocation);
}

function endOnFault(api, event, title, status, convert) {
  let ending = false;
  process.on(event, async (...values) => {
    const error = convert(...values);
    logError(title, error);
    if (ending) return; // the first fault is the one that is reported
    ending = true;
    const described = describeError(error);
    if (invocation.requestId === undefined) await api.initError(described);
    else await api.error(invocation.requestId, described);
    process.exit(status);
  });
}

function becomeWhenTold() {
  // Not awaited: a spare that is needed at once is not held up for longer than it takes.
  warmUp();
  const outputs = [];
  let task;
  let api;
  process.on("message", (message, handle) => {
    if (handle) outputs.push(handle);
    else {
      task = message;
      // Connects while the rest arrives.
      api = new RuntimeApi(task.environ.AWS_LAMBDA_RUNTIME_API);
    }
    if (outputs.length < OUTPUTS.length) return;
    if (task.inspect) inspector.open(0, "127.0.0.1", false);
    process.send(task.inspect ? { inspector: inspector.url() } : {}, () => process.disconnect());
  });
  process.on("disconnect", () => {
    if (outputs.length < OUTPUTS.length) process.exit(0); // given up, or the session has ended
    process.removeAllListeners("message");
    process.removeAllListeners("disconnect");
    // Code that looks for a parent to talk to must find what it finds on Lambda: none.
    for (const name of ["send", "disconnect", "connected", "channel"]) delete process[name];
    replaceOutput(outputs);
    // A variable set here is set for the process, so native code and child processes see it as well.
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, task.environ);
    run(task.bundle, api, { waitForDebugger: task.inspect === true });
  });
}

function replaceOutput(handles) {
  // `open` returns the lowest free number; Node has no dup2. The channel was descriptor 1: libuv never closes that.
  for (const [index, descriptor] of OUTPUTS.entries()) {
    fs.closeSync(descriptor);
    fs.openSync(`/dev/fd/${handles[index].fd}`, "w");
  }
  for (const handle of handles) handle.close();
}

const [bundle] = process.argv.slice(2);
if (bundle !== undefined) {
  run(bundle, new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API), { waitForDebugger: false });
}
else becomeWhenTold();
