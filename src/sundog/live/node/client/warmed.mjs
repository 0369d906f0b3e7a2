// Loaded by warm.mjs for the loading's sake.
export const handler = undefined;
