// A webhook in Express: PORT=3000 node express.mjs
//
// The trap is the order: an `app.use(express.json())` before the webhook's route would take
// the bytes away. So the route comes first, with a parser of its own that leaves them alone.
import express from 'express';

import { answerChallenge, BODY_MAX, Deduplicator, Secrets } from 'callcta/webhook';
import { verifyAndParse, WebhookError } from 'callcta/webhook';

const secrets = new Secrets(process.env.CALLCTA_APP_SECRET);
const verifyToken = process.env.CALLCTA_VERIFY_TOKEN;
const seen = new Deduplicator(10_000);

/** The work, after the answer. */
function handle(event) {
  console.log(event.identity, event.type);
}

const app = express();

app
  .route('/webhook')
  .get((request, response) => {
    const query = new URL(request.originalUrl, 'http://localhost').searchParams;
    response.type('text/plain').send(answerChallenge(query, verifyToken));
  })
  // By itself it takes 100 kB.
  .post(express.raw({ type: () => true, limit: BODY_MAX }), (request, response) => {
    const { events } = verifyAndParse(request.body, request.get('x-hub-signature-256'), secrets);
    response.sendStatus(200);
    for (const event of events.filter((event) => seen.isNew(event))) setImmediate(handle, event);
  })
  .all((request, response) => response.sendStatus(405));

app.use(express.json());
app.post('/orders', (request, response) => response.json({ item: request.body.item }));

app.use((error, request, response, next) => {
  if (error instanceof WebhookError) response.sendStatus(error.httpStatus);
  else next(error);
});

const server = app.listen(process.env.PORT ?? 3000, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/webhook`);
});
