// Sends with botly, unchanged.
import assert from 'node:assert/strict';
import { promisify } from 'node:util';

import Botly from 'botly';

import { call, check, firstName, psid, ready, state } from './common.mjs';

const bot = new Botly({
  accessToken: ready.access_token,
  verifyToken: 'any',
  FB_URL: `${ready.url}/v2.12/`,
});
const ask = (name, options) => promisify(bot[name]).call(bot, options);
const sent = { recipient_id: psid };
const back = bot.createPostbackButton('Call me back', 'CALL_BACK');
const element = { title: 'Contact Support!', subtitle: 'We are open', buttons: [back] };

check('text', await ask('sendText', { id: psid, text: 'Hello' }), sent);
check('generic template', await ask('sendGeneric', { id: psid, elements: element }), sent);
const text = 'Contact Support!';
check('call button', await ask('sendButtons', { id: psid, text, buttons: [call] }), sent);
const image = { id: psid, type: 'image', payload: { url: 'https://example.com/a.png' } };
check('image', await ask('sendAttachment', image), sent);
check('typing', await ask('sendAction', { id: psid, action: 'typing_on' }), sent);
check('profile', await ask('getUserProfile', psid), { id: psid, first_name: await firstName() });
check('nobody', await ask('sendText', { id: '999', text: 'Hello' }), {
  code: 100,
  error_subcode: 2018001,
});
const pageId = ready.page_id;
check('start', await ask('setGetStarted', { pageId, payload: 'START' }), { result: 'success' });
const menu = [{ locale: 'default', call_to_actions: [back] }];
check('menu', await ask('setPersistentMenu', { pageId, menu }), { result: 'success' });
const profile = (await state()).pages[pageId].messenger_profile;
assert.equal(profile.get_started.payload, 'START');
assert.deepEqual(profile.persistent_menu[0].call_to_actions, [back]);
