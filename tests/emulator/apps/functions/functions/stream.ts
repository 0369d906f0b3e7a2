declare const awslambda: any;

export const handler = awslambda.streamifyResponse(async (event: any, stream: any) => {
  const head = { statusCode: 202, headers: { "content-type": "text/plain", "x-path": event.rawPath } };
  const body = awslambda.HttpResponseStream.from(stream, head);
  body.write("first ");
  body.write("second");
  body.end();
});
