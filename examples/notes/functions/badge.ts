// A badge for a README, in TypeScript: GET /badge?label=notes&value=12
import { renderBadge } from "./drawing/svg";

interface HttpEvent {
  queryStringParameters?: Record<string, string>;
}

interface HttpResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

const LONGEST = 40;

export async function handler(event: HttpEvent): Promise<HttpResponse> {
  const { label = "notes", value = "0" } = event.queryStringParameters ?? {};
  if (label.length > LONGEST || value.length > LONGEST) {
    return {
      statusCode: 400,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ error: `label and value have at most ${LONGEST} characters` }),
    };
  }
  return {
    statusCode: 200,
    headers: { "content-type": "image/svg+xml", "cache-control": "no-cache" },
    body: renderBadge(label, value),
  };
}
