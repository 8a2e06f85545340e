// [begin short]
import { env } from 'node:process';
import { Client } from 'callcta';

const client = Client.fromEnv();
const receipt = await client.send(env.CALLCTA_PSID!, {
  template: 'button',
  text: 'Need help?',
  buttons: [{ type: 'audio_call', title: 'Call Now', expiresInDays: 5 }],
});
console.log(receipt.messageId);
// [end]
client.close();
