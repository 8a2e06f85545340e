// Sends with facebook-nodejs-business-sdk, Meta's own client, unchanged: `fields=` is empty in most of
// its requests.
import assert from 'node:assert/strict';

import sdk from 'facebook-nodejs-business-sdk';

import { call, check, psid, ready, redirect } from './common.mjs';

redirect();
sdk.FacebookAdsApi.init(ready.access_token);
const page = new sdk.Page(ready.page_id);
const message = (days) => {
  const buttons = [{ ...call, expires_in_days: days }];
  const payload = { template_type: 'button', text: 'Contact Support!', buttons };
  return { recipient: { id: psid }, message: { attachment: { type: 'template', payload } } };
};

check('call button', (await page.createMessage([], message(5)))._data, { recipient_id: psid });
await assert.rejects(page.createMessage([], message(8)), (error) => {
  check('8 days', error.response, { code: 100 });
  return true;
});
check('page', (await page.read(['name']))._data, { name: 'Example Page' });
const adam = { name: 'Adam', profile_picture_url: 'https://example.com/adam.png' };
const { id } = (await page.createPersona([], adam))._data;
const [persona] = await page.getPersonas(['name']);
check('personas', persona._data, { id, name: 'Adam' });
await page.createMessengerProfile([], { get_started: { payload: 'START' } });
const [profile] = await page.getMessengerProfile(['get_started']);
check('profile', profile._data, { get_started: { payload: 'START' } });
check('profile deleted', await page.deleteMessengerProfile({ fields: ['get_started'] }), {
  result: 'success',
});
