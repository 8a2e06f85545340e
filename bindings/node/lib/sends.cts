import native = require('./native.cjs');
import type { NativeClient, NativeError } from './binding.cjs';
import type { RetryEvent } from './client.cjs';
import { CallCtaError } from './error.cjs';
import type { Receipt, Retry, Usage } from './types.cjs';

interface Send {
  resolve: (receipt: Receipt) => void;
  reject: (error: CallCtaError) => void;
  signal: AbortSignal | undefined;
}

/** The sends of one client whose promises are not settled. */
export class Sends {
  readonly #sends = new Map<number, Send>();
  /** Kept from being collected, which would end its sends, while there are any. */
  #client: NativeClient | undefined;
  /** The sends of each signal, which has one listener for all: Node warns of many. */
  readonly #signals = new Map<AbortSignal, Set<number>>();
  #whenIdle: (() => void)[] = [];
  /** Of the latest ones, which are not started yet. */
  #requests: string[] = [];
  #lastId = 0;

  constructor(private readonly onRetry?: (event: RetryEvent) => void) {}

  /** Starts a send, together with the others of this moment. */
  start(client: NativeClient, request: () => string, signal?: AbortSignal): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) throw new CallCtaError(native.notBegun(), signal.reason);
      if (this.#requests.push(request()) === 1) void Promise.resolve().then(this.#begin);
      if (signal !== undefined) this.#listen(signal, this.#lastId + 1);
      this.#sends.set(++this.#lastId, { resolve, reject, signal });
      this.#client = client;
    });
  }

  /** Takes events from the native part, five values each, and maybe more later. */
  handle(more: boolean, ...values: any[]): void {
    if (more) setImmediate((client) => client?.wake(), this.#client);
    for (let at = 0; at < values.length; at += 5) {
      const [id, outcome, detail, attempts, usage] = values.slice(at, at + 5);
      if (id === undefined) this.#retrying(outcome, detail);
      else if (typeof outcome === 'object') this.#failed(id, outcome);
      else this.#sent(id, { messageId: outcome, recipientId: detail, attempts }, usage);
    }
  }

  #retrying(cause: NativeError, retry: Retry): void {
    // What it throws must not keep the other events from being handled.
    queueMicrotask(() => this.onRetry?.({ error: new CallCtaError(cause), ...retry }));
  }

  #failed(id: number, error: NativeError): void {
    const send = this.#take(id);
    const reason = error.kind === 'cancelled' ? send?.signal?.reason : undefined;
    send?.reject(new CallCtaError(error, reason));
  }

  #sent(id: number, receipt: Receipt, usage: Usage | null): void {
    if (receipt.recipientId === null) delete receipt.recipientId;
    this.#take(id)?.resolve(usage === null ? receipt : { ...receipt, usage });
  }

  /** Fulfils when no send is left. */
  async idle(): Promise<void> {
    if (this.#sends.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  readonly #begin = (): void => {
    const texts = this.#requests.splice(0);
    // What JSON.stringify writes has no line break.
    if (texts.length > 0) this.#client?.send(this.#lastId - texts.length + 1, texts.join('\n'));
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
      this.#client = undefined;
      for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
    return send;
  }

  #listen(signal: AbortSignal, id: number): void {
    const ids = this.#signals.get(signal) ?? new Set();
    if (ids.size === 0) signal.addEventListener('abort', this.#abort);
    this.#signals.set(signal, ids.add(id));
  }

  readonly #abort = ({ target }: Event): void => {
    const signal = target as AbortSignal;
    this.#begin();
    for (const id of [...(this.#signals.get(signal) ?? [])]) {
      const known = this.#client?.cancel(id);
      // Otherwise the event is on its way.
      if (known != null) this.#take(id)?.reject(new CallCtaError(known, signal.reason));
    }
  };
}
