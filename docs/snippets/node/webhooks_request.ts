// app/webhook/route.ts of Next; also for Hono, Workers, and whatever has a Request.
import { env } from 'node:process';

import { answerChallenge, Secrets, verifyAndParse, WebhookError } from 'callcta/webhook';

const secrets = new Secrets(env.CALLCTA_APP_SECRET!);

export async function GET(request: Request): Promise<Response> {
  return answered(() => answerChallenge(new URL(request.url).search, env.CALLCTA_VERIFY_TOKEN!));
}

export async function POST(request: Request): Promise<Response> {
  const body = await request.arrayBuffer(); // not request.json()
  return answered(() => {
    const signature = request.headers.get('x-hub-signature-256');
    const { events } = verifyAndParse(body, signature, secrets);
    for (const event of events) console.log(event.identity); // put them into a queue
    return '';
  });
}

function answered(work: () => string): Response {
  try {
    return new Response(work(), { headers: { 'content-type': 'text/plain' } });
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error;
    return new Response(null, { status: error.httpStatus });
  }
}
// [begin try]
const { createServer } = await import('node:http');
createServer(async (incoming, outgoing) => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method, headers, url } = incoming;
  const body = method === 'POST' ? Buffer.concat(chunks) : null;
  const request = new Request(new URL(url!, 'http://127.0.0.1'), {
    method: method!,
    headers: new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    body,
  });
  const response = await (method === 'GET' ? GET(request) : POST(request));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}).listen(Number(env.PORT), '127.0.0.1');
// [end]
