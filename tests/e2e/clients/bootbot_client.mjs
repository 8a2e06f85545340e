// Sends with bootbot, unchanged.
import assert from 'node:assert/strict';

import BootBot from 'bootbot';

import { call, check, firstName, psid, ready, redirect, state } from './common.mjs';

redirect();
const bot = new BootBot({
  accessToken: ready.access_token,
  verifyToken: 'any',
  appSecret: ready.app_secret,
  graphApiVersion: 'v12.0',
});
const sent = { recipient_id: psid };
const element = { title: 'Contact Support!', subtitle: 'We are open', buttons: [call] };

check('text', await bot.say(psid, 'Hello'), sent);
check('quick replies', await bot.say(psid, { text: 'Hello', quickReplies: ['Yes', 'No'] }), sent);
check('button template', await bot.say(psid, { text: 'Contact Support!', buttons: ['Yes'] }), sent);
check('call button', await bot.say(psid, { cards: [element] }), sent);
check('image', await bot.say(psid, { attachment: 'image', url: 'https://example.com/a.png' }), sent);
check('typing', await bot.sendAction(psid, 'typing_on'), sent);
check('profile', await bot.getUserProfile(psid), { id: psid, first_name: await firstName() });
check('nobody', await bot.say('999', 'Hello'), { code: 100, error_subcode: 2018001 });
check('start', await bot.setGetStartedButton('START'), { result: 'success' });
check('greeting', await bot.setGreetingText('Hello!'), { result: 'success' });
check('menu', await bot.setPersistentMenu(['Help']), { result: 'success' });
const profile = (await state()).pages[ready.page_id].messenger_profile;
assert.equal(profile.greeting[0].text, 'Hello!');
assert.equal(profile.persistent_menu[0].call_to_actions[0].title, 'Help');
check('menu deleted', await bot.deletePersistentMenu(), { result: 'success' });
check('start deleted', await bot.deleteGetStartedButton(), { result: 'success' });
