// Does once what every environment does first, while nobody waits: a module loaded by address, a request on loopback.
// Node compiles and caches its own code for these on first use; a spare that has done so is ready about 8 ms sooner.

import http from "node:http";

export async function warmUp() {
  await import(new URL("./warmed.mjs", import.meta.url).href);
  const server = http.createServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.end("{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const { port } = server.address();
  await new Promise((resolve) => {
    const outgoing = http.request({ hostname: "127.0.0.1", port, agent, method: "POST", path: "/" }, (incoming) => {
      incoming.resume();
      incoming.on("end", resolve);
    });
    outgoing.on("error", resolve); // a machine without loopback is told so when it matters
    outgoing.end("{}");
  });
  agent.destroy();
  server.close();
}
