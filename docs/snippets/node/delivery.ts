import { env } from 'node:process';

import { CallCtaError, Client, type Message } from 'callcta';

const client = Client.fromEnv();
const message: Message = {
  template: 'button',
  text: 'Need help?',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};
// [begin three]
try {
  await client.send(env.CALLCTA_PSID!, message);
} catch (error) {
  if (!(error instanceof CallCtaError)) throw error;
  switch (error.delivery) {
    case 'not_sent':
      console.log('mend the cause, then send it again');
      break;
    case 'rejected':
      console.log('refused:', error.kind);
      break;
    case 'unknown':
      console.log('it may have arrived: look before you send it again');
  }
}
// [end]
client.close();
