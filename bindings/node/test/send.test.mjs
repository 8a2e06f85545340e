import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { after, before, beforeEach, describe, it } from 'node:test';

import { Client, clickableDays, fromWire, toWire, validate, validateRequest } from 'callcta';

import { message, Platform, PSID, TOKEN } from './platform.mjs';

describe('send', () => {
  let platform;
  let client;

  before(async () => {
    platform = await Platform.start();
    client = new Client(platform.settings());
  });
  beforeEach(() => {
    platform.requests = [];
    platform.answer = async () => ({});
  });
  after(() => platform.stop());

  const body = () => platform.requests[0].body;

  it('posts the page sample and returns the receipt', async () => {
    const elements = [
      {
        title: 'Contact Support!',
        buttons: [{ type: 'audio_call', title: 'Call Now', expiresInDays: 5 }],
      },
    ];
    const receipt = await client.send(PSID, { template: 'generic', elements });
    assert.deepEqual(receipt, { messageId: 'm_1', recipientId: PSID, attempts: 1 });
    const [request] = platform.requests;
    assert.equal(request.url, '/v26.0/1234567890/messages');
    assert.equal(request.headers.authorization, `Bearer ${TOKEN}`);
    const button = { type: 'audio_call', title: 'Call Now', expires_in_days: 5 };
    const payload = {
      template_type: 'generic',
      elements: [{ title: 'Contact Support!', buttons: [button] }],
    };
    assert.deepEqual(request.body, {
      recipient: { id: PSID },
      message: { attachment: { type: 'template', payload } },
    });
  });

  it('sends what each call says, whatever the last one said', async () => {
    const other = { template: 'call_prompt', ttlDays: 2 };
    const wrong = { template: 'button', text: 'Contact Support!', buttons: [] };
    const calls = [
      ['1', message],
      ['2', message],
      ['2', message, { personaId: '42' }],
      [{ userRef: '3' }, message, { personaId: '42' }],
      ['4', wrong],
      ['5', other],
      [{ userRef: '"to":{"' }, message],
    ];
    for (const [to, message, options] of calls) {
      const sent = client.send(to, message, options);
      await (message === wrong ? assert.rejects(sent, { kind: 'invalid_message' }) : sent);
    }
    const recipient = (to) => (typeof to === 'string' ? { id: to } : { user_ref: to.userRef });
    const expected = calls.map(([to, message, options]) => ({
      recipient: recipient(to),
      message: toWire(message),
      ...(options && { persona_id: options.personaId }),
    }));
    expected.splice(4, 1);
    assert.deepEqual(
      platform.requests.map((request) => request.body),
      expected,
    );
  });

  it('sends every option, and nothing of the signal', async () => {
    const { signal } = new AbortController();
    const deadline = new Date(Date.now() + 60_000);
    await client.send(PSID, message, {
      messagingType: 'MESSAGE_TAG',
      tag: 'HUMAN_AGENT',
      notificationType: 'NO_PUSH',
      personaId: '42',
      replyTo: 'm_0',
      metadata: 'order 42',
      deadline,
      fields: { folder: 'inbox' },
      signal,
    });
    const { message: sent, ...others } = body();
    assert.deepEqual(others, {
      recipient: { id: PSID },
      messaging_type: 'MESSAGE_TAG',
      tag: 'HUMAN_AGENT',
      notification_type: 'NO_PUSH',
      persona_id: '42',
      reply_to: { mid: 'm_0' },
      folder: 'inbox',
    });
    assert.equal(sent.metadata, 'order 42');
  });

  it('takes every form of recipient', async () => {
    const forms = [
      [PSID, { id: PSID }],
      [{ id: PSID }, { id: PSID }],
      [{ userRef: 'r' }, { user_ref: 'r' }],
      [{ commentId: '1_2' }, { comment_id: '1_2' }],
      [{ postId: '1_3' }, { post_id: '1_3' }],
      [{ raw: { thread: 't' } }, { thread: 't' }],
    ];
    for (const [to] of forms) await client.send(to, message);
    assert.deepEqual(
      platform.requests.map((request) => request.body.recipient),
      forms.map(([, wire]) => wire),
    );
  });

  it('tells the usage figures of an answer', async () => {
    const page = {
      type: 'messenger',
      call_count: 28,
      total_time: 25,
      total_cputime: 26,
      estimated_time_to_regain_access: 2,
    };
    platform.answer = async () => ({
      headers: {
        'x-app-usage': JSON.stringify({ call_count: 1, total_time: 2, total_cputime: 3 }),
        'x-business-use-case-usage': JSON.stringify({ 77: [page] }),
      },
    });
    const { usage, ...others } = await client.send(PSID, message);
    assert.deepEqual(others, { messageId: 'm_1', recipientId: PSID, attempts: 1 });
    const figures = { callCount: 28, totalTime: 25, totalCputime: 26 };
    assert.deepEqual(usage, {
      app: { callCount: 1, totalTime: 2, totalCputime: 3 },
      business: [{ objectId: '77', kind: 'messenger', ...figures, regainAccessAfterMs: 120_000 }],
      highest: 28,
    });
  });

  it('returns what there is of a receipt', async () => {
    platform.answer = async () => ({ body: { message_id: 'm_1' } });
    const receipt = await client.send({ userRef: 'r' }, message);
    assert.deepEqual(receipt, { messageId: 'm_1', attempts: 1 });
  });

  it('takes own fields only, as JSON does', async () => {
    const inherited = Object.assign(Object.create({ describe() {} }), message);
    await client.send(PSID, inherited);
    assert.equal(platform.requests.length, 1);
  });

  it('sends without a check when asked to', async () => {
    const days = { ...message, buttons: [{ type: 'audio_call', title: 'Call', expiresInDays: 8 }] };
    await client.send(PSID, days, { unchecked: true });
    assert.equal(body().message.attachment.payload.buttons[0].expires_in_days, 8);
  });

  it('reads its arguments when it is called', async () => {
    const to = { id: PSID };
    const changing = structuredClone(message);
    const options = { metadata: 'before', deadline: new Date(Date.now() + 60_000) };
    const sent = client.send(to, changing, options);
    to.id = '1';
    changing.buttons[0].title = 'after';
    options.metadata = 'after';
    options.deadline.setTime(0);
    await sent;
    const { recipient, message: wire } = body();
    assert.deepEqual([recipient, wire.metadata], [{ id: PSID }, 'before']);
    assert.equal(wire.attachment.payload.buttons[0].title, message.buttons[0].title);
  });

  it('keeps the order of messages to one person', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`);
    await Promise.all(texts.map((text) => client.send(PSID, { ...message, text })));
    const order = platform.requests.map((request) => request.body.message.attachment.payload.text);
    assert.deepEqual(order, texts);
  });

  it('obeys every setting that shows in a request', async () => {
    const others = new Client(
      platform.settings({
        baseUrl: `${platform.url}/prefix`,
        version: 'v25.0',
        useMe: true,
        appSecret: 'app-secret',
        tokenPlacement: 'query',
        userAgent: 'shop/1.0',
        timeoutMs: 5000,
        connectTimeoutMs: 1000,
        bodyLimit: 1000,
        maxIdleConnections: 1,
        workers: 2,
        capacity: 10,
        proxyFromEnv: false,
      }),
    );
    await others.send(PSID, message);
    const [{ url, headers }] = platform.requests;
    const asked = new URL(url, platform.url);
    assert.equal(asked.pathname, '/prefix/v25.0/me/messages');
    assert.equal(asked.searchParams.get('access_token'), TOKEN);
    assert.match(asked.searchParams.get('appsecret_proof'), /^[0-9a-f]{64}$/);
    assert.equal(headers['user-agent'], 'shop/1.0');
    assert.equal(headers.authorization, undefined);
  });

  it('tells of retries before their wait', async () => {
    const failures = [{ status: 400, body: { error: { code: 613 } } }, {}];
    platform.answer = async () => failures.shift();
    const told = [];
    const retry = { attempts: 2, baseDelayMs: 0, maxDelayMs: 1000, retryUnknown: false };
    const patient = new Client(platform.settings({ retry, onRetry: (event) => told.push(event) }));
    const receipt = await patient.send(PSID, message);
    assert.equal(receipt.attempts, 2);
    assert.equal(told.length, 1);
    const [{ error, attempt, waitMs, to, message: given }] = told;
    assert.deepEqual([error.kind, attempt, waitMs], ['rate_limited', 1, 0]);
    assert.equal(to, PSID);
    assert.equal(given, message);
  });

  it('tells of each retry where its send was started', async () => {
    const tries = new Map();
    platform.answer = async ({ body }) => {
      const { id } = body.recipient;
      tries.set(id, (tries.get(id) ?? 0) + 1);
      return tries.get(id) === 1 ? { status: 400, body: { error: { code: 613 } } } : {};
    };
    const storage = new AsyncLocalStorage();
    const told = [];
    const onRetry = ({ to, error }) => {
      told.push([storage.getStore(), to]);
      assert.match(error.stack, /at .*startOne/);
    };
    const retry = { attempts: 2, baseDelayMs: 0 };
    const patient = new Client(platform.settings({ retry, onRetry }));
    const startOne = (to) => storage.run(`order ${to}`, () => patient.send(to, message));
    await Promise.all(['1', '2', '3'].map((to) => startOne(to)));
    assert.deepEqual(told.sort(), [
      ['order 1', '1'],
      ['order 2', '2'],
      ['order 3', '3'],
    ]);
  });

  it('takes settings from the environment, and those that are given before it', async () => {
    const names = ['PAGE_ID', 'ACCESS_TOKEN', 'APP_SECRET', 'BASE_URL'].map((n) => `CALLCTA_${n}`);
    const before = names.map((name) => process.env[name]);
    try {
      for (const name of names) delete process.env[name];
      assert.throws(() => Client.fromEnv(), {
        kind: 'invalid_argument',
        message: 'CALLCTA_PAGE_ID and CALLCTA_ACCESS_TOKEN must be set',
      });
      process.env.CALLCTA_PAGE_ID = '42';
      process.env.CALLCTA_ACCESS_TOKEN = 'from-env';
      process.env.CALLCTA_BASE_URL = platform.url;
      await Client.fromEnv().send(PSID, message);
      await Client.fromEnv({ accessToken: 'given', appSecret: null }).send(PSID, message);
      const seen = platform.requests.map(({ url, headers }) => [url, headers.authorization]);
      const url = '/v26.0/42/messages';
      assert.deepEqual(seen, [
        [url, 'Bearer from-env'],
        [url, 'Bearer given'],
      ]);
      process.env.CALLCTA_BASE_URL = '';
      assert.throws(() => Client.fromEnv(), /CALLCTA_BASE_URL is empty/);
    } finally {
      names.forEach((name, at) => {
        if (before[at] === undefined) delete process.env[name];
        else process.env[name] = before[at];
      });
    }
  });

  it('goes on with another token, and has headers and a time limit of its own', async () => {
    const own = new Client(
      platform.settings({ headers: { 'x-shop': '7', traceparent: 'client' } }),
    );
    own.setAccessToken('another');
    await own.send(PSID, message, { headers: { Traceparent: 'send' }, timeoutMs: 60_000 });
    const [{ headers }] = platform.requests;
    assert.equal(headers.authorization, 'Bearer another');
    assert.deepEqual([headers['x-shop'], headers.traceparent], ['7', 'send']);
    for (const wrong of [undefined, 5, 'a b', {}]) {
      assert.throws(() => own.setAccessToken(wrong), { kind: 'invalid_argument' });
    }
    for (const headers of [{ host: 'x' }, { x: 1 }, { 'x y': '1' }]) {
      const refused = own.send(PSID, message, { headers });
      await assert.rejects(refused, { kind: 'invalid_argument', delivery: 'not_sent' });
    }
    platform.answer = () => new Promise(() => {});
    const late = own.send(PSID, message, { timeoutMs: 30 });
    await assert.rejects(late, { kind: 'timeout', delivery: 'unknown' });
    own.close();
  });
});

describe('messages', () => {
  const buttons = [
    [
      { type: 'audio_call', title: 'A' },
      { type: 'audio_call', title: 'A' },
    ],
    [
      {
        type: 'web_url',
        title: 'A',
        url: 'https://example.com',
        webviewHeightRatio: 'tall',
        messengerExtensions: true,
        fallbackUrl: 'https://example.com/f',
        webviewShareButton: 'hide',
        fields: { new_field: [1] },
      },
      {
        type: 'web_url',
        title: 'A',
        url: 'https://example.com',
        webview_height_ratio: 'tall',
        messenger_extensions: true,
        fallback_url: 'https://example.com/f',
        webview_share_button: 'hide',
        new_field: [1],
      },
    ],
    [
      { type: 'postback', title: 'A', payload: 'P' },
      { type: 'postback', title: 'A', payload: 'P' },
    ],
    [
      { type: 'phone_number', title: 'A', number: '+1555' },
      { type: 'phone_number', title: 'A', payload: '+1555' },
    ],
    [
      { type: 'account_link', url: 'https://example.com' },
      { type: 'account_link', url: 'https://example.com' },
    ],
    [{ type: 'account_unlink' }, { type: 'account_unlink' }],
    [
      { type: 'game_play', title: 'A', payload: 'P', gameMetadata: { player_id: '1' } },
      { type: 'game_play', title: 'A', payload: 'P', game_metadata: { player_id: '1' } },
    ],
    [{ raw: { type: 'video_call', days: 1.5 } }, { type: 'video_call', days: 1.5 }],
  ];

  for (const [button, wire] of buttons) {
    it(`knows the button ${JSON.stringify(button)}`, () => {
      const { attachment } = toWire({ template: 'button', text: 'T', buttons: [button] });
      assert.deepEqual(attachment.payload.buttons, [wire]);
    });
  }

  it('knows every field of cards and templates', () => {
    const url = 'https://example.com';
    const element = {
      title: 'T',
      subtitle: 'S',
      imageUrl: url,
      defaultAction: { type: 'web_url', url },
      buttons: [callButton()],
      fields: { x: null },
    };
    const generic = {
      template: 'generic',
      elements: [element, { raw: { title: 'R' } }],
      sharable: true,
      metadata: 'M',
      fields: { image_aspect_ratio: 'square' },
      messageFields: { quick_replies: [] },
    };
    assert.deepEqual(toWire(generic), {
      attachment: {
        type: 'template',
        payload: {
          template_type: 'generic',
          elements: [
            {
              title: 'T',
              subtitle: 'S',
              image_url: url,
              default_action: { type: 'web_url', url },
              buttons: [{ type: 'audio_call', title: 'Call Now' }],
              x: null,
            },
            { title: 'R' },
          ],
          sharable: true,
          image_aspect_ratio: 'square',
        },
      },
      metadata: 'M',
      quick_replies: [],
    });
    assert.deepEqual(toWire({ template: 'call_prompt', ttlDays: 3 }).attachment.payload, {
      template_type: 'call_prompt',
      ttl_days: 3,
    });
    assert.deepEqual(toWire({ raw: { text: 'hi' }, metadata: 'M' }), { text: 'hi', metadata: 'M' });
  });

  function callButton() {
    return { type: 'audio_call', title: 'Call Now', expiresInDays: undefined };
  }

  it('keeps long and unusual texts as they are', () => {
    for (const text of [
      '',
      'x'.repeat(251),
      'x'.repeat(252),
      'é'.repeat(300),
      '☎️'.repeat(90),
      '\\ud800',
    ]) {
      assert.equal(toWire({ ...message, text }).attachment.payload.text, text);
    }
  });

  it('reads wire forms and loses nothing', () => {
    const wire = {
      attachment: { type: 'template', payload: { template_type: 'new', list: [1, 2.5, null] } },
      unknown: { deep: [{}] },
    };
    assert.deepEqual(toWire(fromWire(wire)), wire);
    assert.deepEqual(toWire(fromWire(JSON.stringify(wire))), wire);
    const request = { recipient: { id: PSID }, message: wire };
    assert.deepEqual(fromWire(request), { raw: wire });
  });

  it('finds every broken rule, in order', () => {
    const broken = {
      template: 'button',
      text: '',
      buttons: [{ ...callButton(), expiresInDays: 8 }],
    };
    const payload = 'message.attachment.payload';
    assert.deepEqual(
      validate(broken).map(({ path, rule, severity }) => [path, rule, severity]),
      [
        [`${payload}.text`, 'required', 'error'],
        [`${payload}.buttons[0].expires_in_days`, 'out_of_range', 'error'],
      ],
    );
    const [first] = validateRequest('x', message, { tag: 'HUMAN_AGENT' });
    assert.equal(first.path, 'recipient.id');
    assert.deepEqual(validateRequest(PSID, message), []);
  });

  it('knows how long a button can be tapped', () => {
    assert.equal(clickableDays({ type: 'audio_call', title: 'A' }), 7);
    assert.equal(clickableDays({ type: 'audio_call', title: 'A', expiresInDays: 2 }), 2);
    assert.equal(clickableDays({ type: 'account_unlink' }), undefined);
  });
});
