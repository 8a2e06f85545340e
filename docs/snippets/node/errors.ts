// Makes each kind of error happen: `node errors.js KIND`, with the emulator's settings
// in the environment.
import { argv } from 'node:process';

import { CallCtaError, Client, type Message } from 'callcta';

const psid = '200000000000001';
const card: Message = {
  template: 'button',
  text: 'Need help?',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};

const provoke: Record<string, () => Promise<unknown>> = {
  // [begin invalid_message]
  async invalid_message() {
    const client = Client.fromEnv();
    const button = { type: 'audio_call', title: 'Call Now', expiresInDays: 8 } as const;
    await client.send(psid, { template: 'button', text: 'Need help?', buttons: [button] });
  },
  // [end]
  // [begin invalid_argument]
  async invalid_argument() {
    Client.fromEnv({ pageId: 'my page' });
  },
  // [end]
  // [begin authentication]
  async authentication() {
    const client = Client.fromEnv({ accessToken: 'EMULATED-EXPIRED-TOKEN' });
    await client.send(psid, card);
  },
  // [end]
  // [begin permission_denied]
  async permission_denied() {
    const client = Client.fromEnv({ accessToken: 'EMULATED-TOKEN-WITHOUT-PERMISSION' });
    await client.send(psid, card);
  },
  // [end]
  // [begin calling_not_enabled]
  async calling_not_enabled() {
    const accessToken = 'EMULATED-PAGE-TOKEN-WITHOUT-CALLING';
    const client = Client.fromEnv({ pageId: '100000000000002', accessToken });
    await client.send('200000000000011', card);
  },
  // [end]
  // [begin outside_window]
  async outside_window() {
    await Client.fromEnv().send('200000000000002', card); // whose window has closed
  },
  // [end]
  // [begin invalid_recipient]
  async invalid_recipient() {
    await Client.fromEnv().send('999999999999999', card);
  },
  // [end]
  // [begin recipient_unavailable]
  async recipient_unavailable() {
    await Client.fromEnv().send('200000000000003', card); // who blocked the Page
  },
  // [end]
  // [begin invalid_page]
  async invalid_page() {
    await Client.fromEnv({ pageId: '999' }).send(psid, card);
  },
  // [end]
  // [begin invalid_request]
  async invalid_request() {
    const button = { type: 'audio_call', title: 'Call Now', expiresInDays: 8 } as const;
    const wrong: Message = { template: 'button', text: 'Need help?', buttons: [button] };
    await Client.fromEnv().send(psid, wrong, { unchecked: true });
  },
  // [end]
  // [begin rate_limited]
  async rate_limited() {
    await Client.fromEnv({ retry: { attempts: 1 } }).send(psid, card);
  },
  // [end]
  // [begin service]
  async service() {
    await Client.fromEnv().send(psid, card);
  },
  // [end]
  // [begin api]
  async api() {
    await Client.fromEnv().send(psid, card);
  },
  // [end]
  // [begin connect]
  async connect() {
    // Nobody listens on port 1.
    const client = Client.fromEnv({ baseUrl: 'http://127.0.0.1:1', retry: { attempts: 1 } });
    await client.send(psid, card);
  },
  // [end]
  // [begin timeout]
  async timeout() {
    await Client.fromEnv({ timeoutMs: 200 }).send(psid, card);
  },
  // [end]
  // [begin network]
  async network() {
    await Client.fromEnv().send(psid, card);
  },
  // [end]
  // [begin invalid_response]
  async invalid_response() {
    await Client.fromEnv().send(psid, card);
  },
  // [end]
  // [begin cancelled]
  async cancelled() {
    const client = Client.fromEnv();
    client.close();
    await client.send(psid, card);
  },
  // [end]
  // [begin deadline_passed]
  async deadline_passed() {
    await Client.fromEnv().send(psid, card, { deadline: new Date('2026-01-01') });
  },
  // [end]
  // [begin queue_full]
  async queue_full() {
    // One thread, and room for one message that waits for it.
    const client = Client.fromEnv({ workers: 1, capacity: 1 });
    await Promise.all([1, 2, 3, 4].map(() => client.send(psid, card)));
  },
  // [end]
};

try {
  await provoke[argv[2]!]!();
} catch (error) {
  if (!(error instanceof CallCtaError)) throw error;
  console.log(error.kind, error.delivery);
}
