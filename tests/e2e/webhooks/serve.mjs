// Serves an example that is no server by itself: `next-route.mjs` with standard requests, as
// Next calls a route, or `lambda.mjs` with events of payload format 2.0, as a gateway does.
import { createServer } from 'node:http';

const [file] = process.argv.slice(2);
const example = await import(file);

async function route(request) {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  return example[method]?.(request) ?? new Response(null, { status: 405 });
}

async function invoke(request) {
  const url = new URL(request.url);
  const body = Buffer.from(await request.arrayBuffer());
  const answer = await example.handler({
    version: '2.0',
    requestContext: { http: { method: request.method } },
    headers: Object.fromEntries(request.headers),
    queryStringParameters: url.search ? Object.fromEntries(url.searchParams) : undefined,
    body: body.toString('base64'),
    isBase64Encoded: true,
  });
  const { statusCode: status, headers, body: text = null } = answer;
  return new Response(text, { status, headers });
}

const server = createServer(async (incoming, outgoing) => {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { method, url } = incoming;
  const headers = new Headers();
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    headers.append(incoming.rawHeaders[at], incoming.rawHeaders[at + 1]);
  }
  const body = ['GET', 'HEAD'].includes(method) ? undefined : Buffer.concat(chunks);
  const request = new Request(new URL(url, 'http://localhost'), { method, headers, body });
  const answer = await (example.handler ? invoke : route)(request);
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
  outgoing.end(Buffer.from(await answer.arrayBuffer()));
});
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/webhook`);
});
