// Loads the bundle and finds the handler in it.

import { pathToFileURL } from "node:url";
import {
  CallbackHandlerDeprecated,
  HandlerNotFound,
  ImportModuleError,
  MalformedHandlerName,
  UserCodeSyntaxError,
} from "./errors.mjs";
import { streamingOf } from "./stream.mjs";

const FIRST_WITHOUT_CALLBACKS = 24;

export async function loadHandler(bundle, handler) {
  const path = exportPath(handler);
  let module;
  try {
    module = await import(pathToFileURL(bundle).href);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserCodeSyntaxError(error);
    if (error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND") throw new ImportModuleError(error);
    throw error;
  }
  // A CommonJS source has its exports under `default`.
  const found = find(module, path) ?? find(module.default, path);
  if (found === undefined || found === null) throw new HandlerNotFound(`${handler} is undefined or not exported`);
  if (typeof found !== "function") throw new HandlerNotFound(`${handler} is not a function`);
  const streaming = streamingOf(found);
  const callbacks = runtimeMajor() < FIRST_WITHOUT_CALLBACKS;
  if (!callbacks && !streaming && found.length >= 3) throw new CallbackHandlerDeprecated();
  return { call: found, streaming, callbacks };
}

function exportPath(handler) {
  if (handler.includes("..")) {
    throw new MalformedHandlerName(
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const name = handler.slice(handler.lastIndexOf("/") + 1);
  const dot = name.indexOf(".");
  if (dot < 0) throw new MalformedHandlerName("Bad handler");
  return name.slice(dot + 1).split(".");
}

function find(root, path) {
  let value = root;
  for (const key of path) value = value?.[key];
  return value;
}

// The runtime that the function asks for decides, not the Node that happens to run it.
function runtimeMajor() {
  const [, major] = /nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV ?? "") ?? [];
  return Number(major ?? process.versions.node.split(".")[0]);
}
