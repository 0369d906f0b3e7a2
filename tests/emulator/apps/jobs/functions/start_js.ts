import { resources } from "sundog-runtime";

const { encode } = resources as any;

export const handler = async (event: { video?: string; cancel?: string; at_once?: boolean }) => {
  if (event.cancel) return encode.cancel(event.cancel);
  const job = await encode.run({ video: event.video });
  if (event.at_once) await encode.cancel(job);
  return job;
};
