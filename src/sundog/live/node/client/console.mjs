// `console.*` in Lambda's format: time, request id, level, text, with tabs between; or JSON when the function says so.
//
// Lines are written synchronously, so that all output of an invocation is in the pipe before its result is posted.

import fs from "node:fs";
import { format, formatWithOptions } from "node:util";
import { isError, ownFramesRemoved } from "./errors.mjs";

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = { trace: "TRACE", debug: "DEBUG", info: "INFO", log: "INFO", warn: "WARN", error: "ERROR", fatal: "FATAL" };
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

let write = writeText;

export function patchConsole(invocation) {
  const asJson = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";
  write = asJson ? writeJson : writeText;
  const least = LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase());
  for (const [method, level] of Object.entries(METHODS)) {
    const silent = LEVELS.indexOf(level) < least;
    console[method] = silent ? () => {} : (...values) => write(invocation, level, values);
  }
  logError = (title, error) => (asJson ? console.error(error) : console.error(title, asTabbedJson(error)));
}

// Reports an error of the user's code; `title` is Lambda's: `Invoke Error`, `Uncaught Exception`.
export let logError = () => {};

function writeText(invocation, level, values) {
  const text = formatWithOptions({}, ...values);
  writeAll(`${new Date().toISOString()}\t${invocation.requestId}\t${level}\t${text}\n`);
}

function writeJson(invocation, level, values) {
  const line = { timestamp: new Date().toISOString(), level, requestId: invocation.requestId };
  if (values.length === 1) line.message = values[0];
  else {
    line.message = format(...values);
    const error = values.find(isError);
    if (error !== undefined) Object.assign(line, describe(error));
  }
  if (isError(line.message)) Object.assign(line, describe(line.message), { message: undefined });
  let text;
  try {
    text = JSON.stringify(line, replaceError);
  } catch {
    // A cycle, or a value JSON has no word for.
    text = JSON.stringify({ ...line, message: format(...values) });
  }
  writeAll(`${text}\n`);
}

function describe(error) {
  return { errorType: error.name, errorMessage: error.message, stackTrace: ownFramesRemoved(error.stack) };
}

function replaceError(_key, value) {
  return isError(value) ? describe(value) : value;
}

function asTabbedJson(value) {
  const error = isError(value) ? value : new Error(String(value));
  try {
    return `\t${JSON.stringify(error, (_key, inner) => (isError(inner) ? withProperties(inner) : inner))}`;
  } catch {
    return `\t${JSON.stringify(describe(error))}`;
  }
}

function withProperties(error) {
  return {
    errorType: error.name,
    errorMessage: error.message,
    code: error.code,
    ...error,
    stack: ownFramesRemoved(error.stack),
  };
}

function writeAll(text) {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (error) {
      if (error.code === "EPIPE") return; // nobody reads: the session has ended
      if (error.code !== "EAGAIN") throw error;
      // The pipe is full, and something (process.stdout) has made it non-blocking.
      Atomics.wait(PAUSE, 0, 0, 1);
    }
  }
}
