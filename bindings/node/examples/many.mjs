// Sends a call button to everybody in a file, one PSID per line, and prints what
// became of each:
//   CALLCTA_PAGE_ID=… CALLCTA_ACCESS_TOKEN=… node examples/many.mjs psids.txt
import { open } from 'node:fs/promises';

import { Client } from 'callcta';

const client = Client.fromEnv({
  onRetry: ({ error, waitMs }) => console.error(`${error.kind}: again in ${waitMs} ms`),
});
const message = {
  template: 'button',
  text: 'Contact Support!',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};

async function* people(path) {
  const file = await open(path);
  for await (const to of file.readLines()) yield { to, message };
}

for await (const { item, receipt, error } of client.sendMany(people(process.argv[2]))) {
  console.log(item.to, receipt?.messageId ?? `${error.kind} (${error.delivery})`);
}
