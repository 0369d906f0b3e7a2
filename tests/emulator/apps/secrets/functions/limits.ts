import { resources } from "sundog-runtime";

export async function read(names: string[]) {
  return Object.fromEntries(names.map((name) => [name, resources[name].value]));
}
