// Errors in the shapes that Lambda's Node runtime reports, without the frames of this runtime.

import { fileURLToPath } from "node:url";

const HERE = new URL(".", import.meta.url).href;
const HERE_AS_PATH = fileURLToPath(HERE);

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = `Runtime.${name}`;
  }
}

export class ImportModuleError extends RuntimeError {
  constructor(cause) {
    super("ImportModuleError", String(cause));
    this.stack = cause.stack ?? this.stack;
  }
}

export class UserCodeSyntaxError extends RuntimeError {
  constructor(cause) {
    super("UserCodeSyntaxError", String(cause));
    this.stack = cause.stack ?? this.stack;
  }
}

export class HandlerNotFound extends RuntimeError {
  constructor(message) {
    super("HandlerNotFound", message);
  }
}

export class MalformedHandlerName extends RuntimeError {
  constructor(message) {
    super("MalformedHandlerName", message);
  }
}

export class MalformedStreamingHandler extends RuntimeError {
  constructor(message) {
    super("MalformedStreamingHandler", message);
  }
}

export class InvalidStreamingOperation extends RuntimeError {
  constructor(message) {
    super("InvalidStreamingOperation", message);
  }
}

export class CallbackHandlerDeprecated extends RuntimeError {
  constructor() {
    super(
      "CallbackHandlerDeprecated",
      "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need" +
        " to modify this function to use a supported handler signature to use Node.js 24 or later. For more information" +
        " see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.",
    );
  }
}

export class UnhandledPromiseRejection extends RuntimeError {
  constructor(reason, promise) {
    super("UnhandledPromiseRejection", reason === undefined ? undefined : String(reason));
    this.reason = reason;
    this.promise = promise;
    if (reason instanceof Error && typeof reason.stack === "string") {
      // Where it was thrown says more than where it was noticed, which is inside Node.
      this.stack = `${this.name}: ${this.message}\n${frames(reason.stack).join("\n")}`;
    }
  }
}

// The report that callers get, and the cause that X-Ray would show.
export function describeError(error) {
  try {
    if (!isError(error)) return { report: { errorType: typeof error, errorMessage: String(error), trace: [] } };
    const trace = ownFramesRemoved(error.stack);
    const report = { errorType: error.name, errorMessage: error.message, trace };
    return { report, cause: xrayCause(error, trace) };
  } catch {
    // A getter of the user's error threw.
    return {
      report: {
        errorType: "handled",
        errorMessage:
          "callback called with Error argument, but there was a problem while retrieving one or more of its message," +
          " name, and stack",
        trace: [],
      },
    };
  }
}

export function isError(value) {
  // Errors of another realm (vm contexts) are none of this realm's class.
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

export function ownFramesRemoved(stack) {
  return (stack ?? "").split("\n").filter((line) => !isOurs(line));
}

function isOurs(line) {
  return line.includes(HERE) || line.includes(HERE_AS_PATH);
}

function frames(stack) {
  return stack.split("\n").filter((line) => /^\s+at /.test(line));
}

function xrayCause(error, trace) {
  const stack = trace
    .filter((line) => /^\s+at /.test(line))
    .map((line) => {
      const [, label = "anonymous", path, number] =
        /^\s+at (?:(.*?) \()?(?:file:\/\/)?(.*?):(\d+)(?::\d+)?\)?$/.exec(line) ?? [];
      return { path, line: Number(number), label };
    })
    .filter((frame) => frame.path !== undefined);
  const cause = {
    working_directory: process.cwd(),
    exceptions: [{ type: error.name, message: error.message, stack }],
    paths: [...new Set(stack.map((frame) => frame.path))],
  };
  // A header line is ASCII without controls.
  return JSON.stringify(cause).replace(/[^\x20-\x7e]/g, (letter) =>
    `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
