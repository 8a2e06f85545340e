// Sends with @warriorteam/messenger-sdk, unchanged, to the emulator named in the
// environment.
import assert from 'node:assert/strict';

import { Messenger, MessengerAPIError } from '@warriorteam/messenger-sdk';

const ready = JSON.parse(process.env.EMULATOR);
const recipient = { id: ready.psids[0] };
const client = (accessToken = ready.access_token) =>
  new Messenger({ accessToken, baseUrl: ready.url, version: 'v26.0' });

function tell(what, answer) {
  console.log(`${what}: ${JSON.stringify(answer)}`);
  return answer;
}

async function refused(what, sending, expected) {
  await assert.rejects(sending, (error) => {
    const { code, subcode } = tell(what, { code: error.code, subcode: error.subcode });
    assert.ok(error instanceof MessengerAPIError);
    assert.deepEqual([code, subcode ?? null], expected);
    return true;
  });
}

const url = { type: 'web_url', title: 'View Website', url: 'https://example.com' };
const elements = [{ title: 'Contact Support!', subtitle: 'We are open', buttons: [url] }];

const generic = tell('generic template', await client().templates.generic({ recipient, elements }));
assert.equal(generic.recipient_id, recipient.id);
const button = tell(
  'button template',
  await client().templates.button({ recipient, text: 'Contact Support!', buttons: [url] }),
);
assert.equal(button.recipient_id, recipient.id);
assert.notEqual(button.message_id, generic.message_id);
const text = tell('text', await client().send.message({ recipient, message: { text: 'Hello' } }));
assert.equal(text.recipient_id, recipient.id);

await refused('nobody', client().templates.generic({ recipient: { id: '999' }, elements }), [
  100, 2018001,
]);
await refused('no token', client('nonsense').templates.generic({ recipient, elements }), [
  190,
  null,
]);
