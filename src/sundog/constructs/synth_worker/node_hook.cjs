// Loaded into jsii's Node processes with `node --require`. It does four things that the kernel's protocol cannot:
//
// 1. records what the CDK reads: files, folders, missing files, environment variables, child processes;
// 2. gives a kernel that was started before it was needed the environment and the folder of the app that it now runs
//    (SUNDOG_SYNTH_CHANNEL/sync.json, looked for when a request arrives, so it applies before that request does);
// 3. loads the CDK's JavaScript modules that the last run used, before they are needed (preload.json, likewise);
// 4. between the rehearsal of an app and its run, lets the CDK forget which files it has staged.
"use strict";

const fs = require("fs");
const path = require("path");
const childProcess = require("child_process");

const channel = process.env.SUNDOG_SYNTH_CHANNEL;
const isKernel = process.argv[1] !== undefined && path.basename(process.argv[1]) === "program.js";
if (channel && isKernel) install(channel);

function install(folder) {
  const real = {
    writeSync: fs.writeSync,
    readSync: fs.readSync,
    existsSync: fs.existsSync,
    readFileSync: fs.readFileSync,
    statSync: fs.statSync,
    unlinkSync: fs.unlinkSync,
  };
  const runtimeFolder = path.dirname(path.dirname(process.argv[1]));
  const log = fs.openSync(path.join(folder, "node.log"), "a", 0o600);
  const seen = new Set();

  function note(kind, value) {
    const line = `${kind} ${JSON.stringify(value)}\n`;
    if (seen.has(line)) return;
    seen.add(line);
    real.writeSync(log, line);
  }

  function full(value) {
    if (value instanceof URL) value = value.pathname;
    if (Buffer.isBuffer(value)) value = value.toString();
    return typeof value === "string" ? path.resolve(value) : undefined;
  }

  function stamp(file) {
    const stat = real.statSync(file, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return null;
    return [stat.mtimeNs, stat.size, stat.ino, stat.ctimeNs].map(String);
  }

  function noteRead(file) {
    if (file === undefined || file.startsWith(runtimeFolder) || seen.has(file)) return;
    seen.add(file);
    try {
      note("file", [file, stamp(file)]);
    } catch {
      note("file", [file, null]); // Not a file that can be looked at: reading it fails in the caller.
    }
  }

  function writes(flags) {
    return typeof flags === "number" ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0
      : typeof flags === "string" && /[wa+]/.test(flags);
  }

  function wrap(name, before) {
    const original = fs[name];
    if (typeof original !== "function") return;
    const wrapped = function (...args) {
      before(args);
      return original.apply(this, args);
    };
    Object.assign(wrapped, original);
    fs[name] = wrapped;
  }

  wrap("openSync", ([file, flags]) => (writes(flags) ? note("write", full(file)) : noteRead(full(file))));
  wrap("readFileSync", ([file]) => noteRead(full(file)));
  wrap("createReadStream", ([file]) => noteRead(full(file)));
  wrap("readFile", ([file]) => noteRead(full(file)));
  wrap("writeFileSync", ([file]) => note("write", full(file)));
  wrap("appendFileSync", ([file]) => note("write", full(file)));
  wrap("mkdirSync", ([file]) => note("write", full(file)));
  wrap("mkdtempSync", () => undefined);
  wrap("renameSync", ([from, to]) => (note("write", full(from)), note("write", full(to))));
  wrap("unlinkSync", ([file]) => note("write", full(file)));
  wrap("copyFileSync", ([from, to]) => (noteRead(full(from)), note("write", full(to))));
  wrap("cpSync", ([from, to]) => (note("tree", full(from)), note("write", full(to))));
  wrap("readdirSync", ([file]) => note("list", full(file)));
  wrap("opendirSync", ([file]) => note("list", full(file)));
  for (const name of ["existsSync", "statSync", "lstatSync", "accessSync", "readlinkSync", "realpathSync"]) {
    wrap(name, ([file]) => note("look", full(file)));
  }
  for (const name of ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"]) {
    const original = childProcess[name];
    childProcess[name] = function (...args) {
      note("external", `process ${path.basename(String(args[0]).split(" ")[0])}`);
      return original.apply(this, args);
    };
  }

  function recordedEnvironment(values) {
    return new Proxy(values, {
      get(target, name) {
        if (typeof name === "string") note("env", name);
        return target[name];
      },
      has(target, name) {
        if (typeof name === "string") note("env", name);
        return name in target;
      },
      ownKeys(target) {
        note("env", "*");
        return Reflect.ownKeys(target);
      },
    });
  }
  const variables = process.env;
  process.env = recordedEnvironment(variables);

  function takeControlFile(name) {
    const file = path.join(folder, name);
    if (!real.existsSync(file)) return undefined;
    const content = JSON.parse(real.readFileSync(file, "utf8"));
    real.unlinkSync(file);
    return content;
  }

  function preload(modules) {
    const anchor = Object.keys(require.cache).find((file) => file.includes("/node_modules/aws-cdk-lib/"));
    if (anchor === undefined) return;
    const root = anchor.slice(0, anchor.indexOf("/node_modules/aws-cdk-lib/") + "/node_modules/".length);
    const before = new Set(seen);
    for (const module of modules) {
      const file = path.join(root, module);
      // A list from another version of the CDK may name files that are gone.
      if (real.existsSync(file)) require.cache[anchor].require(file);
    }
    for (const line of seen) if (!before.has(line) && !line.startsWith("env ")) seen.delete(line);
  }

  function noteModules() {
    const inPackages = (file) => file.split("/node_modules/").slice(1).join("/node_modules/");
    note("modules", Object.keys(require.cache).map(inPackages).filter((file) => file !== ""));
  }

  // The CDK copies a file once per process. Another output folder has none of them.
  function forgetStagedFiles() {
    for (const [file, module] of Object.entries(require.cache)) {
      if (file.endsWith("/aws-cdk-lib/core/lib/asset-staging.js")) module.exports.AssetStaging.clearAssetHashCache();
    }
  }

  let synced = false;
  function beforeRequest() {
    const modules = takeControlFile("preload.json");
    if (modules !== undefined) preload(modules);
    const sync = takeControlFile("sync.json");
    if (sync === undefined) return;
    for (const name of Object.keys(variables)) if (!(name in sync.environment)) delete variables[name];
    Object.assign(variables, sync.environment);
    if (process.cwd() !== sync.cwd) process.chdir(sync.cwd);
    forgetStagedFiles();
    synced = true;
    seen.clear();
    note("synced", true);
  }

  fs.readSync = function (...args) {
    const count = real.readSync.apply(this, args);
    const [fd, buffer, offset] = args;
    if (fd === 3 && count > 0) {
      if (!synced) beforeRequest();
      // No app asks for statistics: the worker does, when the app has ended. Another one may follow.
      else if (count < 64 && buffer.subarray(offset, offset + count).includes('"api": "stats"')) {
        noteModules();
        synced = false;
      }
    }
    return count;
  };
}
