// Sends with messaging-api-messenger, bottender's client, unchanged.
import assert from 'node:assert/strict';

import messenger from 'messaging-api-messenger';

import { call, check, firstName, psid, ready } from './common.mjs';

const client = new messenger.MessengerClient({
  accessToken: ready.access_token,
  appId: '400000000000001',
  appSecret: ready.app_secret,
  origin: ready.url,
  version: '6.0',
});
const sent = { recipientId: psid };
const back = { type: 'postback', title: 'Call me back', payload: 'CALL_BACK' };

check('text', await client.sendText(psid, 'Hello'), sent);
const elements = [{ title: 'Contact Support!', subtitle: 'We are open', buttons: [back] }];
check('generic template', await client.sendGenericTemplate(psid, elements), sent);
check('call button', await client.sendButtonTemplate(psid, 'Contact Support!', [call]), sent);
check('image', await client.sendImage(psid, 'https://example.com/a.png'), sent);
check('file', await client.sendImage(psid, Buffer.from('GIF89a'), { filename: 'a.gif' }), sent);
const upload = await client.uploadAttachment('image', Buffer.from('GIF89a'), {
  filename: 'a.gif',
  isReusable: true,
});
check('by id', await client.sendImage(psid, { attachmentId: upload.attachmentId }), sent);
check('typing', await client.typingOn(psid), sent);
await assert.rejects(client.sendText('999', 'Hello'), /No matching user found/);

check('profile', await client.getUserProfile(psid), { id: psid, firstName: await firstName() });
check('page', await client.getPageInfo(), { id: ready.page_id });
check('token', await client.debugToken(), { isValid: true, profileId: ready.page_id });
await client.setGetStarted('START');
await client.setPersistentMenu([back]);
const [menu] = await client.getPersistentMenu();
assert.deepEqual(menu.callToActions, [back]);
await client.deletePersistentMenu();
await client.deleteGetStarted();
assert.equal(await client.getGetStarted(), null);
const persona = { name: 'Adam', profilePictureUrl: 'https://example.com/adam.png' };
const { id } = await client.createPersona(persona);
assert.deepEqual(await client.getAllPersonas(), [{ id, ...persona }]);
check('as a persona', await client.sendText(psid, 'Hello', { personaId: id }), sent);
check('persona deleted', await client.deletePersona(id), { success: true });
await assert.rejects(client.getLabelList(), /does not model custom_labels/);
