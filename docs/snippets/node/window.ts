import { env } from 'node:process';

import { CallCtaError, Client, type Message } from 'callcta';

const client = Client.fromEnv();
const message: Message = {
  template: 'button',
  text: 'Shall we talk about it?',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};
// [begin catch]
try {
  await client.send(env.CALLCTA_PSID!, message);
  console.log('sent');
} catch (error) {
  if (!(error instanceof CallCtaError) || error.kind !== 'outside_window') throw error;
  console.log('kept until the person writes again');
}
// [end]
client.close();
