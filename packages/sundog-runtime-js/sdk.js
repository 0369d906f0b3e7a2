// The AWS SDK, which Lambda brings, loaded when it is first used.

/** Import a package of the SDK. The name is a variable, so that no bundler looks for it. */
export async function sdk(name, asked) {
  try {
    return await import(name);
  } catch (error) {
    if (error?.code !== "ERR_MODULE_NOT_FOUND") throw error;
  }
  const { createRequire } = await import("node:module");
  try {
    // Unlike `import`, this looks where Lambda keeps the SDK and where layers put packages.
    return createRequire(import.meta.url)(name);
  } catch (error) {
    if (error?.code !== "MODULE_NOT_FOUND") throw error;
    throw new Error(`\`${asked}\` needs ${name}; run \`npm install ${name}\``, { cause: error });
  }
}
