// A webhook in Next, as app/webhook/route.js (or .ts).
//
// The trap is `request.json()`, after which the bytes are gone: `arrayBuffer()` has them.
// Where instances are frozen after the answer, give the work to `after` of next/server.
import { answerChallenge, Deduplicator, Secrets } from 'callcta/webhook';
import { verifyAndParse, WebhookError } from 'callcta/webhook';

export const runtime = 'nodejs'; // callcta has a native part

const secrets = new Secrets(process.env.CALLCTA_APP_SECRET);
const verifyToken = process.env.CALLCTA_VERIFY_TOKEN;
const seen = new Deduplicator(10_000);

/** The work, after the answer. */
function handle(event) {
  console.log(event.identity, event.type);
}

/** Answers with the status of what was refused. */
function refused(error) {
  if (error instanceof WebhookError) return new Response(null, { status: error.httpStatus });
  throw error;
}

export function GET(request) {
  try {
    const text = answerChallenge(new URL(request.url).searchParams, verifyToken);
    return new Response(text, { headers: { 'Content-Type': 'text/plain' } });
  } catch (error) {
    return refused(error);
  }
}

export async function POST(request) {
  try {
    const header = request.headers.get('x-hub-signature-256');
    const { events } = verifyAndParse(await request.arrayBuffer(), header, secrets);
    for (const event of events.filter((event) => seen.isNew(event))) setImmediate(handle, event);
    return new Response(null, { status: 200 });
  } catch (error) {
    return refused(error);
  }
}
