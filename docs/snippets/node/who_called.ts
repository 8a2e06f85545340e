import { env, stdin } from 'node:process';
import { buffer } from 'node:stream/consumers';

import { Client } from 'callcta';
import { Secrets, verifyAndParse } from 'callcta/webhook';

/** Stands for what your WebRTC stack offers. */
const OFFER = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';

/** A card that was sent: a row of your database. `at` is in Unix seconds. */
interface Sent {
  psid: string;
  at: number;
  title: string;
  messageId: string;
}

const client = Client.fromEnv();
// All fields that you want: what isn't named is not told any more.
await client.calling.subscribe(['calls', 'messages']);
await client.calling.setSettings({ audioEnabled: true, callRouting: 'PARTNERS' });
console.log('calls come to the app');

const psid = env.CALLCTA_PSID!;
const sent: Sent[] = [];
for (const title of ['Call Now', 'Talk to Sales']) {
  const at = Math.floor(Date.now() / 1000);
  const { messageId } = await client.send(psid, {
    template: 'button',
    text: 'Need help?',
    buttons: [{ type: 'audio_call', title }],
  });
  console.log(`sent ${messageId}: "${title}"`);
  sent.push({ psid, at, title, messageId });
}

// What a webhook brings. Here the header is a line, and the rest is the body.
const request = await buffer(stdin);
const end = request.indexOf('\n');
const header = request.subarray(0, end).toString();
const secrets = new Secrets(env.CALLCTA_APP_SECRET!);
for (const event of verifyAndParse(request.subarray(end + 1), header, secrets).events) {
  if (event.type !== 'call' || event.event !== 'connect') continue;
  if (event.direction !== 'user_initiated' || event.time === undefined) continue;
  const seconds = event.time / 1000;
  const card = sent.filter(({ psid, at }) => psid === event.psid && at <= seconds).at(-1);
  if (card) console.log(`${event.psid} called after "${card.title}" of ${card.messageId}`);
  else console.log(`${event.psid} called, and was sent no card before`);
  await client.calling.accept(event.id, OFFER, { rangAt: event.time });
  console.log('accepted');
  await client.calling.terminate(event.id);
  console.log('ended');
}
client.close();
