import { open } from 'node:fs/promises';

import { Client, type Message } from 'callcta';

const message: Message = {
  template: 'button',
  text: 'We are open.',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};

async function* letters() {
  const file = await open('psids.txt');
  for await (const to of file.readLines()) yield { to, message };
}

const client = Client.fromEnv();
const counts = new Map<string, number>();
for await (const { error } of client.sendMany(letters())) {
  const what = error ? `${error.delivery}: ${error.kind}` : 'sent';
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
client.close();
for (const [what, count] of [...counts].sort()) console.log(count, what);
