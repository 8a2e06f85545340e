import { env } from 'node:process';

import { Client, type Message } from 'callcta';

const message: Message = {
  template: 'button',
  text: 'Need help?',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};
// [begin settings]
const client = Client.fromEnv({
  retry: { attempts: 5, baseDelayMs: 200, maxDelayMs: 10_000 },
  onRetry: ({ attempt, error }) => console.log(`try ${attempt} failed: ${error.kind}`),
});
const deadline = new Date(Date.now() + 120_000);
const receipt = await client.send(env.CALLCTA_PSID!, message, { deadline });
console.log('requests:', receipt.attempts);
// [end]
client.close();
