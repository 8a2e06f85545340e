// A webhook as an AWS Lambda function behind a function URL or an API Gateway.
//
// The trap is the body, which may come as base64. An instance is frozen once it has answered
// and others run beside it: so the work goes into a queue first, such as SQS, and repeats are
// told by `identity` where the work is done, such as by a conditional put into a table.
import { challenge, decodeBody, Deduplicator, Secrets } from 'callcta/webhook';
import { verifyAndParse, WebhookError } from 'callcta/webhook';

const secrets = new Secrets(process.env.CALLCTA_APP_SECRET);
const verifyToken = process.env.CALLCTA_VERIFY_TOKEN;
const seen = new Deduplicator(10_000); // of this instance; stands for the table

/** Stands for the queue. */
async function enqueue(event) {
  if (seen.isNew(event)) console.log(event.identity, event.type);
}

async function answer(event) {
  // A function URL and an HTTP API have it in `http`, a REST API beside.
  const method = event.requestContext.http?.method ?? event.httpMethod;
  if (method === 'GET') {
    const query = event.queryStringParameters ?? {};
    const [mode, token] = [query['hub.mode'], query['hub.verify_token']];
    const body = challenge(mode, token, query['hub.challenge'], verifyToken);
    return { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body };
  }
  if (method !== 'POST') return { statusCode: 405 };
  const headers = new Headers(event.headers);
  const body = decodeBody(event.body ?? '', event.isBase64Encoded);
  const { events } = verifyAndParse(body, headers.get('x-hub-signature-256'), secrets);
  await Promise.all(events.map(enqueue));
  return { statusCode: 200 };
}

export async function handler(event) {
  try {
    return await answer(event);
  } catch (error) {
    if (error instanceof WebhookError) return { statusCode: error.httpStatus };
    throw error;
  }
}
