// A webhook in Fastify: PORT=3000 node fastify.mjs
//
// The trap is the JSON parser, which every route has. A plugin has parsers of its own: in
// this one every body stays the bytes that came in, and the other routes keep theirs.
import Fastify from 'fastify';

import { answerChallenge, Deduplicator, Secrets } from 'callcta/webhook';
import { verifyAndParse, WebhookError } from 'callcta/webhook';

const secrets = new Secrets(process.env.CALLCTA_APP_SECRET);
const verifyToken = process.env.CALLCTA_VERIFY_TOKEN;
const seen = new Deduplicator(10_000);

/** The work, after the answer. */
function handle(event) {
  console.log(event.identity, event.type);
}

const app = Fastify();

app.register(async (webhook) => {
  webhook.removeAllContentTypeParsers();
  webhook.addContentTypeParser('*', { parseAs: 'buffer' }, async (request, body) => body);
  webhook.setErrorHandler((error, request, reply) => {
    if (!(error instanceof WebhookError)) throw error;
    reply.code(error.httpStatus).send();
  });
  webhook.get('/webhook', (request, reply) => {
    const query = new URL(request.url, 'http://localhost').searchParams;
    reply.type('text/plain').send(answerChallenge(query, verifyToken));
  });
  webhook.post('/webhook', (request, reply) => {
    const header = request.headers['x-hub-signature-256'];
    const { events } = verifyAndParse(request.body, header, secrets);
    reply.code(200).send();
    for (const event of events.filter((event) => seen.isNew(event))) setImmediate(handle, event);
  });
  webhook.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url: '/webhook',
    handler: (request, reply) => reply.code(405).send(),
  });
});

app.post('/orders', (request) => ({ item: request.body.item }));

console.log(`listening on ${await app.listen({ port: process.env.PORT ?? 3000 })}/webhook`);
