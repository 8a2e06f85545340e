/// <reference lib="esnext.disposable" preserve="true" />
import native = require('./native.cjs');
import { Client, type ClientSettings } from './client.cjs';
import { call } from './error.cjs';
import type { JsonObject } from './message.cjs';

/** A message that the emulator accepted; times are in milliseconds of its clock. */
export interface StoredMessage {
  id: number;
  messageId: string;
  pageId: string;
  recipient: string;
  /** The request without its token, under the wire names. */
  body: JsonObject;
  sentAt: number;
}

/** A Graph request as it came in, without secrets, and what was answered. */
export interface RecordedRequest {
  id: number;
  method: string;
  path: string;
  query: string;
  headers: [name: string, value: string][];
  body: string;
  status?: number;
  answer: string;
  fault?: string;
  refusal?: { rule: string; path: string; detail: string };
  messageId?: string;
}

/** Something that goes wrong with a Graph request. */
export interface Fault {
  /** Which requests; every one unless said. */
  match?: { method?: string; path?: string; recipient?: string };
  /** What happens; nothing but the delay and the headers unless said. */
  action?:
    | { type: 'pass' | 'drop_before_read' | 'drop' | 'truncated_body' | 'html_body' }
    | { type: 'close_after_answer' | 'unfinished' }
    | { type: 'status'; status: number; body?: string }
    | { type: 'graph'; status: number; code: number; subcode?: number; message?: string }
    | { type: 'content_type'; contentType: string }
    | { type: 'oversize_body'; bytes: number };
  /** Whether the message is stored first; as the action implies unless said. */
  apply?: 'auto' | 'before' | 'after';
  /** How long the answer is held back. */
  delay?: { type: 'fixed'; ms: number } | { type: 'uniform'; minMs: number; maxMs: number };
  /** How many times it happens, once unless said; `null`: until cleared. */
  times?: number | null;
  probability?: number;
  /** Added to the answer. */
  headers?: [name: string, value: string][];
}

/** A webhook and what became of it. */
export interface Webhook {
  id: number;
  pageId: string;
  field: string;
  body: string;
  signature?: string;
  status: 'no_target' | 'held' | 'queued' | 'delivered' | 'failed';
}

/** What a tap led to: a call that rings, if it was a call button, and a webhook. */
export interface Tap {
  call?: { callId: string; psid: string; status: string; messageId?: string; startedAt: number };
  webhook?: Webhook;
}

/** A local Graph API in this process, on a free port of the loopback address. */
export class Emulator {
  readonly #native = call(() => new native.NativeEmulator());
  readonly url = this.#native.url;
  readonly pageId = this.#native.pageId;
  readonly accessToken = this.#native.accessToken;
  readonly appSecret = this.#native.appSecret;
  /** Who is in conversation with the Page; those who can be written to come first. */
  readonly psids: readonly string[] = this.#native.psids;

  /** A client of the emulator's Page. */
  client(settings: Partial<ClientSettings> = {}): Client {
    const { pageId, accessToken, url: baseUrl } = this;
    return new Client({ pageId, accessToken, baseUrl, ...settings });
  }

  /** The newest accepted messages, oldest first. */
  async messages(): Promise<StoredMessage[]> {
    return (await this.#control('GET', 'messages'))['messages'] as StoredMessage[];
  }

  /** The newest Graph requests, oldest first. */
  async requests(): Promise<RecordedRequest[]> {
    return (await this.#control('GET', 'requests'))['requests'] as RecordedRequest[];
  }

  async arm(fault: Fault): Promise<void> {
    await this.#control('POST', 'faults', fault);
  }

  async clearFaults(): Promise<void> {
    await this.#control('DELETE', 'faults');
  }

  /** Back to the beginning: initial state and clock, no messages, no faults. */
  async reset(): Promise<void> {
    await this.#control('POST', 'reset');
  }

  /** Moves the emulator's clock forward. */
  async advance(ms: number): Promise<void> {
    await this.#control('POST', 'clock', { advanceMs: ms });
  }

  /** The person taps a button of a message: its first call button unless said. */
  async tap(messageId: string, at: { element?: number; button?: number } = {}): Promise<Tap> {
    return (await this.#control('POST', 'tap', { messageId, ...at })) as Tap;
  }

  /** Where webhooks go: plain HTTP on this machine. */
  async setWebhookUrl(url: string): Promise<void> {
    await this.#control('PATCH', 'state', { webhook: { url } });
  }

  /** The newest webhooks, oldest first. */
  async webhooks(): Promise<Webhook[]> {
    return (await this.#control('GET', 'webhooks'))['webhooks'] as Webhook[];
  }

  stop(): void {
    this.#native.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async #control(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const sent = body === undefined ? null : JSON.stringify(renamed(body, snakeCase));
    const answer = await fetch(`${this.url}/_emulator/${path}`, { method, body: sent });
    const read = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) throw new Error(`the emulator refused it: ${String(read['error'])}`);
    return renamed(read, camelCase) as Record<string, unknown>;
  }
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelCase = (name: string) =>
  name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** The same with other names; what is null is left out, and wire forms stay as they are. */
function renamed(value: unknown, name: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, name));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([key, field]) => field !== null || key === 'times');
  return Object.fromEntries(
    fields.map(([key, field]) => [name(key), key === 'body' ? field : renamed(field, name)]),
  );
}
