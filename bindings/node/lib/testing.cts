/// <reference lib="esnext.disposable" preserve="true" />
import native = require('./native.cjs');
import { Client } from './client.cjs';
import type { NativeEmulator } from './binding.cjs';
import type {
  Action,
  ArmedFault,
  Call,
  Fault,
  PersonAction,
  Ready,
  RecordedRequest,
  StoredMessage,
  Tap,
  Webhook,
} from './control.cjs';
import { call } from './error.cjs';
import { asJson } from './json.cjs';
import type { JsonObject } from './message.cjs';
import type { ClientSettings } from './settings.cjs';

export type * from './control.cjs';

/** The documented forms of the answer to a send. */
export type AnswerShape = 'flat' | 'nested_both' | 'nested_id' | 'message_id_only';

/** How an emulator starts. */
export interface EmulatorSettings {
  /** Default: 0, any free one. */
  port?: number;
  /** The Pages, tokens and people to start with and to come back to, under the names of the
   * control API, as `state()` tells them. */
  state?: object;
  /** A JSON file with the same. */
  seedFile?: string;
  /** Where the clock starts; a number is Unix milliseconds. Default: 2026-10-01T12:00:00Z. */
  clock?: Date | number;
  /** Whether the clock follows real time. Default: false, it stands until advanced. */
  runClock?: boolean;
  /** Of whatever is random, such as faults with a probability. Default: 1. */
  seed?: number;
  /** Default: as the state says, flat. */
  answerShape?: AnswerShape;
  /** How many of the newest messages are kept. Default: 500. */
  keepMessages?: number;
  /** How many of the newest requests are kept. Default: 500. */
  keepRequests?: number;
  /** How large all that is kept may be, in bytes. */
  keepBytes?: number;
  /** How many serve requests. Default: 1. */
  threads?: number;
  /** The address to listen on; on another than the default, whoever reaches it can send.
   * Default: 127.0.0.1. */
  listen?: string;
  /** Further names of the control API and the page. */
  allowHost?: readonly string[];
  /** Origins whose pages may use and read everything. */
  allowOrigin?: readonly string[];
  /** A path below which everything is. */
  prefix?: string;
  /** How long a client may take to send a request's head. */
  headTimeoutMs?: number;
}

/** How long is waited, and for how many. */
export interface WaitOptions {
  /** Default: 1. */
  count?: number;
  /** Of real time, at most a minute. Default: 5000. */
  timeoutMs?: number;
}

export interface Emulator extends Readonly<Ready> {}

/** A local Graph API in this process. */
export class Emulator {
  readonly #native: NativeEmulator;

  /** Throws `invalid_argument` if a setting makes no sense or the port is taken. */
  constructor(settings: EmulatorSettings = {}) {
    const { state, clock, ...others } = settings;
    const wire = { ...(renamed(others, snakeCase) as object), state, clock: clock && +clock };
    this.#native = call(() => new native.NativeEmulator(asJson(wire)));
    Object.assign(this, renamed(JSON.parse(this.#native.facts), camelCase));
  }

  /** A client of the emulator's Page. */
  client(settings: Partial<ClientSettings> = {}): Client {
    const { pageId, accessToken, url: baseUrl } = this;
    // Lives as long as its client.
    const kept = { [Symbol('emulator')]: this.#native };
    return Object.assign(new Client({ pageId, accessToken, baseUrl, ...settings }), kept);
  }

  /** Variables for a program that talks to it, such as `CALLCTA_BASE_URL`. */
  environment(): Record<string, string> {
    return JSON.parse(this.#native.environment) as Record<string, string>;
  }

  /**
   * Asks the control API, which `/_emulator/openapi.json` describes: `path` is what follows
   * `/_emulator/`, such as `messages?limit=1`. Names are the control API's. Rejects with an
   * `Error` if it is refused.
   */
  async control<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    return good(await this.#ask(method, path, body)) as T;
  }

  /** The newest accepted messages, oldest first. */
  async messages(): Promise<StoredMessage[]> {
    return (await this.#control<{ messages: StoredMessage[] }>('GET', 'messages')).messages;
  }

  /** Waits until so many messages are kept, and tells them. Rejects if there are fewer in time. */
  async waitForMessages(options?: WaitOptions): Promise<StoredMessage[]> {
    const path = waiting('messages', options);
    return (await this.#control<{ messages: StoredMessage[] }>('GET', path)).messages;
  }

  /** The newest Graph requests, oldest first. */
  async requests(): Promise<RecordedRequest[]> {
    return (await this.#control<{ requests: RecordedRequest[] }>('GET', 'requests')).requests;
  }

  /** How many POSTs to a messages edge have arrived, those that a fault dropped included. */
  async posts(): Promise<number> {
    return (await this.#control<{ posts: number }>('GET', 'requests?limit=0')).posts;
  }

  /** Lets something go wrong with the next requests; tells the fault's id. */
  async arm(fault: Fault): Promise<string> {
    return (await this.#control<{ id: string }>('POST', 'faults', fault)).id;
  }

  /** The faults that are still armed. */
  async faults(): Promise<ArmedFault[]> {
    return (await this.#control<{ faults: ArmedFault[] }>('GET', 'faults')).faults;
  }

  async clearFaults(): Promise<void> {
    await this.#control('DELETE', 'faults');
  }

  /** Back to the beginning: initial state and clock, no messages, no faults. */
  async reset(): Promise<void> {
    await this.#control('POST', 'reset');
  }

  /** The Pages, people and whatever else the platform knows, under the names of the control API. */
  state(): Promise<JsonObject> {
    return this.control('GET', 'state');
  }

  /** Changes what is named, until `reset`, and tells the new state; `null` removes a Page, a person
   * and the like. Names are the control API's. */
  changeState(change: object): Promise<JsonObject> {
    return this.control('PATCH', 'state', change);
  }

  /** The form of the answer to a send from now on. */
  async setAnswerShape(shape: AnswerShape): Promise<void> {
    await this.changeState({ answer_shape: shape });
  }

  /** What the emulator's clock shows, in Unix milliseconds. */
  async now(): Promise<number> {
    return (await this.#control<{ now: number }>('GET', 'clock')).now;
  }

  /** Lets the clock follow real time, or stops it. */
  async runClock(run = true): Promise<void> {
    await this.#control('POST', 'clock', { run });
  }

  /** Moves the emulator's clock forward. */
  async advance(ms: number): Promise<void> {
    await this.#control('POST', 'clock', { advanceMs: ms });
  }

  /** The person taps a button of a message: its first call button unless said. Rejects with a
   * `TapRefusedError` if that does nothing. */
  tap(messageId: string, at: { element?: number; button?: number } = {}): Promise<Tap> {
    return this.#control('POST', 'tap', { messageId, ...at });
  }

  /** A person does something else. */
  act(psid: string, action: Action): Promise<Acted> {
    return this.#control('POST', `people/${encodeURIComponent(psid)}/actions`, action);
  }

  /** All calls, oldest first. */
  async calls(): Promise<Call[]> {
    return (await this.#control<{ calls: Call[] }>('GET', 'calls')).calls;
  }

  /** Whoever is rung takes the call. */
  acceptCall(callId: string): Promise<Call> {
    return this.#control('POST', `calls/${encodeURIComponent(callId)}/accept`);
  }

  /** Whoever is rung declines, or either side hangs up. */
  endCall(callId: string): Promise<Call> {
    return this.#control('POST', `calls/${encodeURIComponent(callId)}/end`);
  }

  /** Where webhooks go: plain HTTP on this machine. */
  async setWebhookUrl(url: string): Promise<void> {
    await this.changeState({ webhook: { url } });
  }

  /** The newest webhooks, oldest first. */
  async webhooks(): Promise<Webhook[]> {
    return (await this.#control<{ webhooks: Webhook[] }>('GET', 'webhooks')).webhooks;
  }

  /** Waits until so many webhooks have been delivered, and tells those. Rejects if there are fewer
   * in time. */
  async waitForWebhooks(options?: WaitOptions): Promise<Webhook[]> {
    const path = waiting('webhooks', options);
    return (await this.#control<{ webhooks: Webhook[] }>('GET', path)).webhooks;
  }

  /** Keeps webhooks back until they are released. */
  async holdWebhooks(): Promise<void> {
    await this.#control('POST', 'webhooks/hold');
  }

  /** Lets held webhooks go, all or only those with these numbers, and holds no more; how many. */
  async releaseWebhooks(order: 'made' | 'reverse' | readonly number[] = 'made'): Promise<number> {
    const answer = this.#control<{ released: number }>('POST', 'webhooks/release', { order });
    return (await answer).released;
  }

  /** Sends a webhook once more, as a new one, which is told; does not wait. */
  redeliverWebhook(
    id: number,
    signature: 'valid' | 'wrong' | 'missing' = 'valid',
  ): Promise<Webhook> {
    return this.#control('POST', `webhooks/${id}/redeliver`, { signature });
  }

  /** Closes all open connections at once, as a server that crashes would. */
  async closeConnections(): Promise<void> {
    await this.#control('POST', 'close-connections');
  }

  stop(): void {
    this.#native.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async #ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? undefined : asJson(body);
    return JSON.parse(await call(() => this.#native.control(method, path, text))) as Answer;
  }

  async #control<T>(method: string, path: string, given?: object): Promise<T> {
    const body = given && renamed(given, snakeCase);
    return renamed(good(await this.#ask(method, path, body)), camelCase) as T;
  }
}

/** A tap that does nothing, for instance on an expired button. */
export class TapRefusedError extends Error {
  static {
    this.prototype.name = 'TapRefusedError';
  }

  constructor(
    message: string,
    /** A short name that stays the same, such as `expired`. */
    readonly reason: string,
  ) {
    super(message);
  }
}

/** What a person did, and the webhook that was sent; if there is none, why. */
export interface Acted {
  action: PersonAction;
  webhook: Webhook | null;
  noWebhook: string | null;
}

type Answer = [status: number, body: { error?: string; reason?: string }];

function good([status, body]: Answer): unknown {
  if (status < 300) return body;
  const text = `the emulator refused it: ${body.error}`;
  throw body.reason === undefined ? new Error(text) : new TapRefusedError(text, body.reason);
}

function waiting(what: string, { count = 1, timeoutMs = 5000 }: WaitOptions = {}): string {
  return `${what}/wait?count=${count}&timeout_ms=${timeoutMs}`;
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelCase = (name: string) => name.replace(/_(.)/g, (_, next: string) => next.toUpperCase());

/** The same with other names; wire forms stay as they are. */
function renamed(value: unknown, name: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, name));
  if (typeof value !== 'object' || value === null) return value;
  const inside = (key: string, field: unknown) => (key === 'body' ? field : renamed(field, name));
  const fields = Object.entries(value);
  return Object.fromEntries(fields.map(([key, field]) => [name(key), inside(key, field)]));
}
