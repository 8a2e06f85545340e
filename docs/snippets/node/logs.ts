import { subscribe } from 'node:diagnostics_channel';
import { env } from 'node:process';

import { Client, type Message } from 'callcta';

// [begin lines]
subscribe('callcta:send', (told) => {
  const { line } = told as { line: string };
  console.error(line);
});
// [end]
const client = Client.fromEnv();
const message: Message = {
  template: 'button',
  text: 'Need help?',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};
// [begin trace]
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
await client.send(env.CALLCTA_PSID!, message, { headers: { traceparent } });
// [end]
client.close();
