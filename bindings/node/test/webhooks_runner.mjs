// Runs the shared webhooks and prints a report per line;
// tests/vectors/webhooks/README.md at the top describes it.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { Secrets, verifyAndParse, WebhookError } from 'callcta/webhook';

const folder = process.env.CALLCTA_VECTORS_DIR;
const signer = new Secrets('test-secret');

/** What events and their parts have, so that what isn't there can be told as null. */
const BASE = 'pageId psid time standby identity type';
const WRITTEN = 'messageId text quickReply attachments replyTo metadata appId';
const REFERRAL = 'ref source referralType adId';
const FIELDS = {
  call: 'id event direction status version offer end',
  call_permission_reply: 'response expiration',
  call_settings_update: 'audioEnabled videoEnabled iconEnabled callRouting callHours',
  message: WRITTEN,
  echo: WRITTEN,
  postback: 'messageId title payload referral',
  delivery: 'messageIds watermark',
  read: 'watermark',
  reaction: 'messageId action reaction emoji',
  referral: REFERRAL,
  unknown: 'reason',
};
const PARTS = {
  offer: 'sdpType sdp',
  end: 'status startTime endTime duration',
  attachments: 'type url stickerId',
  referral: REFERRAL,
};

const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function whole(value, fields) {
  const names = fields.split(' ');
  const other = Object.keys(value).find((name) => !names.includes(name));
  if (other !== undefined) throw new Error(`${other} is not expected`);
  const told = names.map((name) => {
    const field = value[name] ?? null;
    const part = PARTS[name];
    if (field === null || part === undefined) return [snakeCase(name), field];
    const inside = Array.isArray(field) ? field.map((one) => whole(one, part)) : whole(field, part);
    return [snakeCase(name), inside];
  });
  return Object.fromEntries(told);
}

function event({ raw, order, ...named }) {
  if (order.length !== 3) throw new Error('there is no order');
  return { ...whole(named, `${BASE} ${FIELDS[named.type]}`), raw };
}

function run({ body, header = signer.sign(body), secrets = signer }) {
  try {
    const { object = null, secret, events } = verifyAndParse(Buffer.from(body), header, secrets);
    return { webhook: { object, secret, events: events.map(event) } };
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error;
    return { refusal: error.kind };
  }
}

for (const name of readdirSync(folder).sort()) {
  if (!name.endsWith('.json')) continue;
  const file = basename(name, '.json');
  for (const entry of JSON.parse(readFileSync(join(folder, name), 'utf8'))) {
    console.log(JSON.stringify({ file, name: entry.name, ...run(entry) }));
  }
}
