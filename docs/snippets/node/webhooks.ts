import { env } from 'node:process';

import {
  answerChallenge,
  Deduplicator,
  Secrets,
  verifyAndParse,
  WebhookError,
  type WebhookEvent,
} from 'callcta/webhook';
import express from 'express';

const secrets = new Secrets(env.CALLCTA_APP_SECRET!);
const seen = new Deduplicator(10_000);
const app = express();

// Meta checks the address, once.
app.get('/webhook', (request, response) => {
  const [, query = ''] = request.originalUrl.split('?');
  try {
    response.type('text').send(answerChallenge(query, env.CALLCTA_VERIFY_TOKEN!));
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error;
    response.sendStatus(error.httpStatus);
  }
});

// `express.raw` gives the body as it came in. It stands before `express.json`, which would
// leave an object that can't be verified.
app.post('/webhook', express.raw({ type: '*/*' }), (request, response) => {
  try {
    const signature = request.headersDistinct['x-hub-signature-256'];
    const { events } = verifyAndParse(request.body, signature, secrets);
    response.sendStatus(200);
    setImmediate(work, events); // Meta waits 5 seconds
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error;
    response.sendStatus(error.httpStatus);
  }
});

app.use(express.json()); // for all else

function work(events: WebhookEvent[]) {
  for (const event of events.filter((event) => seen.isNew(event))) {
    if (event.type === 'call') console.log(`call ${event.id}: ${event.event}`);
    else console.log(event.type);
  }
}

app.listen(Number(env.PORT), '127.0.0.1');
