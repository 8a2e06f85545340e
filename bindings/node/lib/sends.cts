import native = require('./native.cjs');
import type { NativeClient } from './binding.cjs';
import type { RetryEvent } from './client.cjs';
import { CallCtaError } from './error.cjs';
import type { Receipt } from './types.cjs';

interface Send {
  resolve: (receipt: Receipt) => void;
  reject: (error: CallCtaError) => void;
  signal: AbortSignal | undefined;
}

/** Those with sends, which nothing else needs to refer to until they are settled. */
const busy = new Set<Sends>();

/** How many sends are passed on together at most: all in one text may be too long. */
const BATCH = 1000;

/** The sends of one client whose promises are not settled. */
export class Sends {
  readonly client: NativeClient;
  readonly #sends = new Map<number, Send>();
  /** The sends of each signal, which has one listener for all: Node warns of many. */
  readonly #signals = new Map<AbortSignal, Set<number>>();
  #whenIdle: (() => void)[] = [];
  /** Of the latest ones, which are not started yet. */
  #requests: string[] = [];
  #lastId = 0;

  constructor(
    settings: string,
    private readonly onRetry?: (event: RetryEvent) => void,
  ) {
    // Weak, since the native part, which nothing collects, keeps what it calls.
    const self = new WeakRef(this);
    this.client = new native.NativeClient(settings, (...args) => self.deref()?.handle(...args));
  }

  /** Starts a send, together with the others of this moment. */
  start(request: () => string, signal?: AbortSignal): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) throw new CallCtaError(native.notBegun(), signal.reason);
      const text = request();
      if (signal instanceof AbortSignal) this.#listen(signal, this.#lastId + 1);
      // Nothing throws from here on: no request must be left without its send.
      this.#sends.set(++this.#lastId, { resolve, reject, signal });
      busy.add(this);
      if (this.#requests.push(text) === 1) void Promise.resolve().then(this.#begin);
      if (this.#requests.length === BATCH) this.#begin();
    });
  }

  /** Takes events from the native part, five values each, and maybe more later. */
  handle(more: boolean, ...values: any[]): void {
    if (more) setImmediate(() => this.client.wake());
    for (let at = 0; at < values.length; at += 5) {
      const [id, outcome, detail, attempts, usage] = values.slice(at, at + 5);
      const send = this.#take(id);
      if (id === undefined) {
        // What it throws must not keep the other events from being handled.
        queueMicrotask(() => this.onRetry?.({ error: new CallCtaError(outcome), ...detail }));
      } else if (typeof outcome === 'object') {
        const reason = outcome.reason === 'aborted' ? send?.signal?.reason : undefined;
        send?.reject(new CallCtaError(outcome, reason));
      } else {
        const receipt: Receipt = { messageId: outcome, recipientId: detail, attempts };
        if (detail === null) delete receipt.recipientId;
        send?.resolve(usage === null ? receipt : { ...receipt, usage });
      }
    }
  }

  /** Fulfils when no send is left. */
  async idle(): Promise<void> {
    if (this.#sends.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  readonly #begin = (): void => {
    const texts = this.#requests.splice(0);
    // What JSON.stringify writes has no line break.
    if (texts.length > 0) this.client.send(this.#lastId - texts.length + 1, texts.join('\n'));
  };

  #take(id: number): Send | undefined {
    const send = this.#sends.get(id);
    if (!this.#sends.delete(id)) return undefined;
    const ids = send?.signal && this.#signals.get(send.signal);
    if (ids?.delete(id) && ids.size === 0) {
      send?.signal?.removeEventListener('abort', this.#abort);
      this.#signals.delete(send!.signal!);
    }
    if (this.#sends.size === 0) {
      busy.delete(this);
      for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
    return send;
  }

  #listen(signal: AbortSignal, id: number): void {
    const ids = this.#signals.get(signal) ?? new Set();
    if (ids.size === 0) signal.addEventListener('abort', this.#abort);
    this.#signals.set(signal, ids.add(id));
  }

  readonly #abort = ({ target: signal }: { target: any }): void => {
    this.#begin();
    // The last first: those that wait longest may be started meanwhile.
    for (const id of [...(this.#signals.get(signal) ?? [])].reverse()) {
      const known = this.client.cancel(id);
      // Otherwise the event is on its way.
      if (known != null) this.#take(id)?.reject(new CallCtaError(known, signal.reason));
    }
  };
}
