// Imports a bundled handler and reports what it took. `sundog.live.coldstart.node_measure` starts it in the function's Node.
//
// Arguments: the bundle, the file of the report, and in an instrumented round a module with the bundle's external imports.
// The instrumented bundle marks where each module begins and ends; modules that are loaded while another one is evaluated
// are taken out of its time.

import { writeFileSync } from "node:fs";
import Module from "node:module";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";

const [bundle, report, externals] = process.argv.slice(2);
const frames = [];
const stack = [];

const now = () => performance.now();

function begin(id) {
  stack.push({ id, parent: stack.at(-1)?.id ?? null, started: now(), nested: 0 });
}

function end(id) {
  // A module that returned early has not said so: what it is in ends it.
  if (!stack.some((frame) => frame.id === id)) return;
  let frame;
  do {
    frame = stack.pop();
    const whole = now() - frame.started;
    frames.push([frame.id, frame.parent, whole - frame.nested]);
    if (stack.length) stack.at(-1).nested += whole;
  } while (frame.id !== id);
}

const within = (id, work) => {
  begin(id);
  try {
    return work();
  } finally {
    end(id);
  }
};

function followRequire() {
  const load = Module._load;
  const known = new Set();
  Module._load = function (request, parent, ...rest) {
    const call = () => load.call(this, request, parent, ...rest);
    let id;
    if (Module.isBuiltin(request)) {
      id = request.startsWith("node:") ? request : `node:${request}`;
    } else {
      try {
        id = Module._resolveFilename(request, parent);
      } catch {
        return call(); // it fails as it would without us
      }
    }
    if (known.has(id)) return call();
    known.add(id);
    return within(id, call);
  };
}

async function instrumented() {
  globalThis.__sundogBegin = begin;
  globalThis.__sundogEnd = end;
  const { default: imports } = await import(pathToFileURL(externals).href);
  followRequire();
  const started = now();
  for (const [name, load] of imports) {
    const id = Module.isBuiltin(name) ? `node:${name.replace(/^node:/, "")}` : `node_modules/${name}`;
    begin(id);
    await load();
    end(id);
  }
  await import(pathToFileURL(bundle).href);
  return now() - started;
}

async function plain() {
  const started = now();
  await import(pathToFileURL(bundle).href);
  return now() - started;
}

try {
  const elapsed = await (externals ? instrumented() : plain());
  writeFileSync(report, JSON.stringify({ elapsed_ms: elapsed, frames }));
} catch (error) {
  console.error(inspect(error));
  process.exit(1);
}
// What the module has opened (timers, connections) does not keep a measurement waiting.
process.exit(0);
