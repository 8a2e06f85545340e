import { env } from 'node:process';

import { CallCtaError, Client, type Message } from 'callcta';
import express from 'express';

const statuses = { not_sent: 503, rejected: 409, unknown: 502 };
const message: Message = {
  template: 'button',
  text: 'Need help?',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};

const client = Client.fromEnv(); // one for all requests
const app = express();

app.post('/offer/:psid', async (request, response) => {
  try {
    const receipt = await client.send(request.params.psid, message);
    response.type('text').send(receipt.messageId);
  } catch (error) {
    if (!(error instanceof CallCtaError)) throw error;
    response.status(statuses[error.delivery]).type('text').send(error.kind);
  }
});

app.listen(Number(env.PORT), '127.0.0.1');
