// What must compile, and behind each @ts-expect-error what must not.
import {
  CallCtaError,
  Client,
  clickableDays,
  errorKinds,
  fromWire,
  Outbox,
  Outboxes,
  toWire,
  validate,
  validateRequest,
  version,
} from 'callcta';
import type {
  Button,
  ClientSettings,
  DefaultAction,
  Delivery,
  Diagnosis,
  ErrorKind,
  JsonObject,
  MessageTag,
  Message,
  Outcome,
  Outgoing,
  Receipt,
  Recipient,
  Rule,
  SendManyOptions,
  SendOptions,
  Usage,
  Violation,
} from 'callcta';
import { Emulator, type Fault, type StoredMessage } from 'callcta/testing';
import { validateSettings, type CallSession, type CallSettings } from 'callcta/calling';
import { Deduplicator, Secrets, sort, verifyAndParse, WebhookError } from 'callcta/webhook';
import type { CallEvent, RefusalKind, Webhook, WebhookEvent } from 'callcta/webhook';

const settings: ClientSettings = {
  pageId: '1234567890',
  accessToken: 'token',
  timeoutMs: 5000,
  retry: { attempts: 1 },
  onRetry: ({ error, attempt, waitMs }) => console.log(error.kind, attempt + waitMs),
};
const client = new Client(settings);

const buttons: Button[] = [
  { type: 'audio_call', title: 'Call Now', expiresInDays: 5 },
  { type: 'web_url', title: 'View', url: 'https://example.com', webviewHeightRatio: 'tall' },
  { type: 'postback', title: 'Start', payload: 'START' },
  { type: 'phone_number', title: 'Dial', number: '+15551234567' },
  { type: 'account_link', url: 'https://example.com/link' },
  { type: 'account_unlink' },
  { type: 'game_play', title: 'Play', gameMetadata: { player_id: '1' } },
  { raw: { type: 'video_call', title: 'See us' } },
];
const messages: Message[] = [
  { template: 'button', text: 'Contact Support!', buttons },
  { template: 'call_prompt', ttlDays: 3, metadata: 'order 42' },
  { template: 'generic', elements: [{ title: 'T', buttons }, { raw: {} }], sharable: true },
  { raw: { text: 'hi' } },
];
const recipients: Recipient[] = ['1', { id: '1' }, { userRef: 'r' }, { raw: { thread: 't' } }];
const options: SendOptions = {
  messagingType: 'RESPONSE',
  tag: 'A_TAG_OF_TOMORROW' as string as MessageTag,
  deadline: new Date(),
  signal: AbortSignal.timeout(1000),
};

const receipt: Receipt = await client.send('1', messages[0]!, options);
const id: string = receipt.messageId;
const absent: string | undefined = receipt.recipientId;
const usage: Usage | undefined = receipt.usage;
await client.send(recipients[1]!, messages[1]!, { unchecked: true });

try {
  await client.send('1', messages[0]!);
} catch (error) {
  if (!(error instanceof CallCtaError)) throw error;
  const kind: ErrorKind = error.kind;
  const delivery: Delivery = error.delivery;
  const violations: readonly Violation[] = error.violations;
  const code: string = error.code;
  const subcode: number | undefined = error.graph?.subcode;
  switch (error.kind) {
    case 'outside_window':
      break;
    // @ts-expect-error: no such kind
    case 'outside_of_window':
      break;
  }
  // @ts-expect-error: read only
  error.kind = 'api';
  console.log(kind, delivery, violations, code, subcode, error.retryAfterMs, error.cause);
}

async function* source(): AsyncGenerator<Outgoing & { row: number }> {
  yield { to: '1', message: messages[0]!, row: 1 };
}
for await (const outcome of client.sendMany(source(), { lookAhead: 10 })) {
  const row: number = outcome.item.row;
  if (outcome.error) console.log(row, outcome.error.delivery);
  else console.log(row, outcome.receipt.messageId);
  // @ts-expect-error: may be an error
  console.log(outcome.receipt.messageId);
}
const outcomes: AsyncGenerator<Outcome> = client.sendMany([{ to: '1', message: messages[0]! }]);

const found: Violation[] = validate(messages[0]!);
const rule: Rule | undefined = validateRequest('1', messages[0]!, { metadata: 'm' })[0]?.rule;
const wire: JsonObject = toWire(fromWire('{}'));
const days: number | undefined = clickableDays(buttons[0]!);
const kinds: readonly ErrorKind[] = errorKinds;
console.log(id, absent, usage, outcomes, found, rule, wire, days, kinds, version.length);

{
  using emulator = new Emulator();
  const fault: Fault = { action: { type: 'graph', status: 400, code: 613 }, times: null };
  await emulator.arm(fault);
  await using inner = emulator.client({ timeoutMs: 100 });
  const [first]: StoredMessage[] = await emulator.messages();
  console.log(inner.pageId, first?.sentAt);
  // @ts-expect-error: a status is missing
  await emulator.arm({ action: { type: 'status' } });
}

// Events are told apart by their type, and what is new passes.
function handle(event: WebhookEvent): string | number | undefined {
  switch (event.type) {
    case 'call': {
      const step: CallEvent['event'] = event.event;
      return step === 'terminate' ? event.end?.duration : event.id;
    }
    case 'message':
    case 'echo':
      return event.attachments[0]?.stickerId ?? event.text;
    case 'unknown':
      return event.reason;
    // @ts-expect-error: no such type
    case 'calls':
      return undefined;
    default:
      // @ts-expect-error: not of every event
      console.log(event.text);
      return event.psid;
  }
}
try {
  const received: Webhook = verifyAndParse(new Uint8Array(), undefined, new Secrets(['a', 'b']));
  const seen = new Deduplicator(1000);
  for (const event of sort(received.events)) if (seen.isNew(event)) console.log(handle(event));
  verifyAndParse(new ArrayBuffer(0), ['x'], 'secret');
  // @ts-expect-error: parsed
  verifyAndParse({}, undefined, 'secret');
  // @ts-expect-error: no secret
  verifyAndParse('', undefined, undefined);
} catch (error) {
  if (!(error instanceof WebhookError)) throw error;
  const why: RefusalKind = error.kind;
  console.log(why, error.httpStatus + 1, error.code);
}

// What has a type of its own can be sent as well, and what is read only.
interface Reply {
  text: string;
  quick_replies: readonly { readonly title: string }[];
}
const reply: Reply = { text: 'hi', quick_replies: [{ title: 'Yes' }] };
const fixed = { text: 'hi', big: 9007199254740993n, list: [1, null] } as const;
messages.push({ raw: reply }, { raw: fixed }, { raw: wire });
messages.push({ template: 'call_prompt', fields: fixed, messageFields: reply });
recipients.push({ raw: reply });
fromWire(reply);
fromWire(new TextEncoder().encode('{}'));
const everyDefault: SendOptions = { messagingType: null, deadline: null, signal: null };
const many: SendManyOptions = { pace: Infinity, lookAhead: null };
await client.send('1', { template: 'call_prompt', ttlDays: null }, null);
client.sendMany([Promise.resolve({ to: '1', message: messages[0]!, options: everyDefault })], many);

// @ts-expect-error: a token is missing
new Client({ pageId: '1' });
// @ts-expect-error: it is called timeoutMs
new Client({ ...settings, timeout: 5000 });
// @ts-expect-error: only the library makes them
new CallCtaError('text');

export const wrong: Button[] = [
  // @ts-expect-error: the wire name
  { type: 'audio_call', title: 'Call', expires_in_days: 5 },
  // @ts-expect-error: another button's field
  { type: 'audio_call', title: 'Call', url: 'https://example.com' },
  // @ts-expect-error: a title is missing
  { type: 'audio_call' },
  // @ts-expect-error: a number
  { type: 'audio_call', title: 'Call', expiresInDays: '5' },
  // @ts-expect-error: an unknown type goes into raw
  { type: 'video_call', title: 'Call' },
  // @ts-expect-error: this one has no title
  { type: 'account_unlink', title: 'Unlink' },
  // @ts-expect-error: either raw or typed
  { type: 'audio_call', title: 'Call', raw: {} },
];

export const wrongWire: Button[] = [
  // @ts-expect-error: a list
  { raw: ['a'] },
  // @ts-expect-error: a map
  { raw: new Map() },
  // @ts-expect-error: a promise
  { raw: Promise.resolve({}) },
  // @ts-expect-error: bytes
  { raw: new Uint8Array(1) },
  // @ts-expect-error: a date
  { raw: new Date() },
  // @ts-expect-error: a function
  { raw: () => ({}) },
  // @ts-expect-error: a text
  { raw: '{}' },
  // @ts-expect-error: a list
  { type: 'account_unlink', fields: [1] },
  // @ts-expect-error: not one of the heights
  { type: 'web_url', title: 'T', url: 'https://example.com', webviewHeightRatio: 'small' },
  // @ts-expect-error: it can only be hidden
  { type: 'web_url', title: 'T', url: 'https://example.com', webviewShareButton: 'show' },
];

export const wrongMessages: Message[] = [
  // @ts-expect-error: buttons are missing
  { template: 'button', text: 'T' },
  // @ts-expect-error: another template's field
  { template: 'generic', elements: [], text: 'T' },
  // @ts-expect-error: an unknown template goes into raw
  { template: 'media', elements: [] },
];

export const untitled: DefaultAction = { type: 'web_url', url: 'https://example.com' };
// @ts-expect-error: a default action has no title
export const titled: DefaultAction = { ...untitled, title: 'T' };

// @ts-expect-error: the wire name
export const wrongRecipient: Recipient = { user_ref: 'r' };
// @ts-expect-error: the wire name
export const wrongOptions: SendOptions = { messaging_type: 'RESPONSE' };

export const unknown: SendOptions[] = [
  // @ts-expect-error: no such type
  { messagingType: 'REPLY' },
  // @ts-expect-error: a tag of the past
  { tag: 'ACCOUNT_UPDATE' },
  // @ts-expect-error: no such way
  { notificationType: 'LOUD' },
];
// @ts-expect-error: Infinity says so
export const unpaced: SendManyOptions = { pace: 'none' };
// @ts-expect-error: not iterable
client.sendMany({ to: '1', message: messages[0]! });

export async function health(client: Client): Promise<void> {
  const { status, checks, cause, text }: Diagnosis = await client.doctor({
    person: '1',
    lastAction: new Date(),
    sendTest: undefined,
  });
  const kind: ErrorKind | undefined = checks[0]!.kind;
  console.log(status === 'warn', cause?.fix?.length, text.length, kind);
  await client.doctor({ lastAction: 5, verifyToken: null });
  // @ts-expect-error
  console.log(status === 'skipped');
  // @ts-expect-error
  await client.doctor({ persn: '1' });
}

export async function calls(client: Client): Promise<void> {
  const settings: CallSettings = await client.calling.settings({ timeoutMs: 5 });
  await client.calling.setSettings({ audioEnabled: true, callRouting: 'PARTNERS' });
  const session: CallSession = await client.calling.accept('c', 'v=0', { rangAt: undefined });
  const { status, actions } = await client.calling.permissions('1');
  const severity: 'error' | 'warning' = validateSettings(settings)[0]!.severity;
  console.log(session.answer?.length, status?.length, actions[0]?.canPerform, severity);
  // @ts-expect-error
  await client.calling.setSettings({ audioEnable: true });
  // @ts-expect-error
  await client.calling.terminate('c', { timeuotMs: 5 });
}

export async function pages(client: Client): Promise<void> {
  const outboxes = new Outboxes({ workers: 200 });
  const outbox: Outbox = outboxes.outbox(client, { pace: Infinity, personPace: 1 });
  const receipt = await outbox.send('1', messages[0]!, { metadata: 'm' });
  for await (const { item } of outboxes.sendMany([
    { outbox, to: '1', message: messages[0]!, n: 1 },
  ])) {
    console.log(item.n, item.outbox.client.pageId, receipt.messageId);
  }
  const kind: ErrorKind | undefined = outbox.counts().kinds[0]?.kind;
  console.log(kind, outboxes.pause(), new Client({ ...settings, shareConnections: client }));
  // @ts-expect-error: no outbox
  outboxes.sendMany([{ to: '1', message: messages[0]! }]);
  // @ts-expect-error: made by outboxes
  console.log(new Outbox(outboxes, client));
}
