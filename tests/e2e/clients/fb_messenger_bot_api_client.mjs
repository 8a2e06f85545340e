// Sends with fb-messenger-bot-api, unchanged.
import assert from 'node:assert/strict';

import { FacebookMessagingAPIClient, FacebookProfileAPIClient } from 'fb-messenger-bot-api';

import { call, check, firstName, psid, ready, redirect } from './common.mjs';

redirect();
const client = new FacebookMessagingAPIClient(ready.access_token);
const sent = { recipient_id: psid };

check('text', await client.sendTextMessage(psid, 'Hello'), sent);
check('call button', await client.sendButtonsMessage(psid, 'Contact Support!', [call]), sent);
const reply = { content_type: 'text', title: 'Yes', payload: 'YES' };
check('quick reply', await client.sendQuickReplyMessage(psid, 'Hello', [reply]), sent);
check('image', await client.sendImageMessage(psid, 'https://example.com/a.png'), sent);
check('seen', await client.markSeen(psid), sent);
check('profile', await client.getUserProfile(psid, ['first_name']), {
  id: psid,
  first_name: await firstName(),
});
// It still asks for what messenger_profile has replaced.
const profiles = new FacebookProfileAPIClient(ready.access_token);
const { error } = await profiles.setGreetingMessage('Hello!');
assert.match(error.message, /does not model thread_settings: messenger_profile/);
