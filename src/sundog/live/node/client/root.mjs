// The process that an editor attaches to: it runs nothing. Every execution environment appears to the editor as a worker
// of this one. It ends with its standard input.

import inspector from "node:inspector";

process.title = "sundog dev";
inspector.open(0, "127.0.0.1", false);
process.stdout.write(`${inspector.url()}\n`);
process.stdin.resume().on("end", () => process.exit(0));
