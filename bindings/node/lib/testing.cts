/// <reference lib="esnext.disposable" preserve="true" />
import native = require('./native.cjs');
import { Client } from './client.cjs';
import type { Fault, Ready, RecordedRequest, StoredMessage, Tap, Webhook } from './control.cjs';
import { call } from './error.cjs';
import { asJson } from './json.cjs';
import type { ClientSettings } from './settings.cjs';

export type * from './control.cjs';

export interface Emulator extends Readonly<Ready> {}

/** A local Graph API in this process, on a free port of the loopback address. */
export class Emulator {
  readonly #native = call(() => new native.NativeEmulator());

  constructor() {
    Object.assign(this, renamed(JSON.parse(this.#native.facts), camelCase));
  }

  /** A client of the emulator's Page. */
  client(settings: Partial<ClientSettings> = {}): Client {
    const { pageId, accessToken, url: baseUrl } = this;
    // Lives as long as its client.
    const kept = { [Symbol('emulator')]: this.#native };
    return Object.assign(new Client({ pageId, accessToken, baseUrl, ...settings }), kept);
  }

  /** The newest accepted messages, oldest first. */
  async messages(): Promise<StoredMessage[]> {
    return (await this.#control<{ messages: StoredMessage[] }>('GET', 'messages')).messages;
  }

  /** The newest Graph requests, oldest first. */
  async requests(): Promise<RecordedRequest[]> {
    return (await this.#control<{ requests: RecordedRequest[] }>('GET', 'requests')).requests;
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
  tap(messageId: string, at: { element?: number; button?: number } = {}): Promise<Tap> {
    return this.#control('POST', 'tap', { messageId, ...at });
  }

  /** Where webhooks go: plain HTTP on this machine. */
  async setWebhookUrl(url: string): Promise<void> {
    await this.#control('PATCH', 'state', { webhook: { url } });
  }

  /** The newest webhooks, oldest first. */
  async webhooks(): Promise<Webhook[]> {
    return (await this.#control<{ webhooks: Webhook[] }>('GET', 'webhooks')).webhooks;
  }

  stop(): void {
    this.#native.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async #control<T>(method: string, path: string, given?: object): Promise<T> {
    const body = given && asJson(renamed(given, snakeCase));
    const answer = await call(() => this.#native.control(method, path, body));
    const [status, read] = JSON.parse(answer) as [number, { error?: string }];
    if (status >= 300) throw new Error(`the emulator refused it: ${read.error}`);
    return renamed(read, camelCase) as T;
  }
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
