import { env } from 'node:process';

import { answerChallenge, Secrets, verifyAndParse, WebhookError } from 'callcta/webhook';
import fastify from 'fastify';

const secrets = new Secrets(env.CALLCTA_APP_SECRET!);
const app = fastify();

// The bytes as they came in, instead of an object. In a plugin of its own it changes only
// what is in there.
await app.register(async (hooks) => {
  hooks.removeAllContentTypeParsers();
  hooks.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  hooks.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof WebhookError)) throw error;
    return reply.code(error.httpStatus).send();
  });

  hooks.get('/webhook', (request, reply) => {
    const [, query = ''] = request.raw.url!.split('?');
    return reply.type('text/plain').send(answerChallenge(query, env.CALLCTA_VERIFY_TOKEN!));
  });
  hooks.post('/webhook', (request, reply) => {
    const signature = request.headers['x-hub-signature-256'];
    const { events } = verifyAndParse(request.body as Buffer, signature, secrets);
    setImmediate(() => events.forEach((event) => console.log(event.identity)));
    return reply.code(200).send();
  });
});

await app.listen({ port: Number(env.PORT), host: '127.0.0.1' });
