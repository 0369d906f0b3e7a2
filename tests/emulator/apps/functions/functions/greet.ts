import { readFileSync } from "node:fs";

const words = readFileSync("data/words.txt", "utf8");

export const handler = async () => ({
  words,
  made: readFileSync(`${process.env.LAMBDA_TASK_ROOT}/made.txt`, "utf8").trim(),
});
