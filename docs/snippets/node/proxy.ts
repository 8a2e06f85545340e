import { readFileSync } from 'node:fs';
import { env } from 'node:process';

import { Client, type Message } from 'callcta';

const message: Message = {
  template: 'button',
  text: 'Need help?',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};
// [begin settings]
const client = Client.fromEnv({
  proxy: env.EXAMPLE_PROXY, // such as http://user:password@proxy.example:3128
  extraCaPem: readFileSync('company-ca.pem', 'utf8'),
});
// [end]
const receipt = await client.send(env.CALLCTA_PSID!, message);
console.log('sent', receipt.messageId);
client.close();
