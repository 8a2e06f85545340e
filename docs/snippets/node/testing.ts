import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Client, Message } from 'callcta';
import { Emulator } from 'callcta/testing';

/** The bot under test. */
function offerCall(client: Client, psid: string) {
  const card: Message = {
    template: 'generic',
    elements: [
      {
        title: 'Contact Support!',
        buttons: [{ type: 'audio_call', title: 'Call Now', expiresInDays: 5 }],
      },
    ],
  };
  return client.send(psid, card);
}

test('a card that rings and expires', async () => {
  const emulator = new Emulator();
  const client = emulator.client();
  const receipt = await offerCall(client, emulator.psids[0]!);
  const [sent] = await emulator.messages();
  assert.match(JSON.stringify(sent!.body), /"type":"audio_call"/);

  assert.ok((await emulator.tap(receipt.messageId)).call);
  await emulator.advance(6 * 24 * 60 * 60 * 1000);
  await assert.rejects(emulator.tap(receipt.messageId));
  client.close();
  emulator.stop();
});

test('what can go wrong', async () => {
  const emulator = new Emulator();
  const client = emulator.client();
  await assert.rejects(offerCall(client, '200000000000002'), { kind: 'outside_window' });
  await emulator.arm({ action: { type: 'drop' }, apply: 'after' });
  await assert.rejects(offerCall(client, emulator.psids[0]!), { delivery: 'unknown' });
  const requests = await emulator.requests();
  assert.equal(requests.length, 2, 'what may have arrived is not sent again');
  client.close();
  emulator.stop();
});
