import type { NativeClient, NativeEvent, Receipt } from './binding.cjs';
import type { RetryEvent } from './client.cjs';
import { CallCtaError } from './error.cjs';

interface Send {
  /** Keeps the native client, which would end its sends, from being collected. */
  client: NativeClient;
  resolve: (receipt: Receipt) => void;
  reject: (error: CallCtaError) => void;
  signal: AbortSignal | undefined;
}

/** The sends of one client whose promises are not settled. */
export class Sends {
  readonly #sends = new Map<number, Send>();
  /** The sends of each signal, which has one listener for all: Node warns of many. */
  readonly #signals = new Map<AbortSignal, Set<number>>();
  #whenIdle: (() => void)[] = [];
  /** Of the latest ones, which are not started yet. */
  #requests: string[] = [];
  #lastId = 0;
  readonly #onRetry: ((event: RetryEvent) => void) | undefined;

  constructor(onRetry?: (event: RetryEvent) => void) {
    this.#onRetry = onRetry;
  }

  /** Starts a send, together with the others of this moment. */
  add(request: string, send: Send): void {
    if (this.#requests.push(request) === 1) queueMicrotask(() => this.#start());
    if (this.#sends.size === 0) send.client.keepAlive(true);
    const id = ++this.#lastId;
    this.#sends.set(id, send);
    if (send.signal === undefined) return;
    const ids = this.#signals.get(send.signal) ?? new Set();
    if (ids.add(id).size > 1) return;
    this.#signals.set(send.signal, ids);
    send.signal.addEventListener('abort', this.#abort);
  }

  /** Takes events from the native part, which has more of them for a later turn. */
  handle(events: readonly NativeEvent[], more: boolean): void {
    const [pending] = this.#sends.values();
    if (more) setImmediate(() => pending?.client.wake());
    for (const event of events) {
      if (event.retry !== undefined && event.error !== undefined) {
        const retry = { error: new CallCtaError(event.error), ...event.retry };
        // What it throws must not keep the other events from being handled.
        queueMicrotask(() => this.#onRetry?.(retry));
      } else if (event.id !== undefined) {
        const send = this.#take(event.id);
        if (event.receipt !== undefined) send?.resolve(event.receipt);
        else if (event.error !== undefined) {
          const given = event.error.kind === 'cancelled' ? send?.signal?.reason : undefined;
          send?.reject(new CallCtaError(event.error, given));
        }
      }
    }
  }

  /** Fulfils when no send is left. */
  idle(): Promise<void> {
    if (this.#sends.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #start(): void {
    const requests = this.#requests;
    if (requests.length === 0) return;
    this.#requests = [];
    const first = this.#lastId - requests.length + 1;
    this.#sends.get(first)?.client.send(first, requests);
  }

  #take(id: number): Send | undefined {
    const send = this.#sends.get(id);
    if (send === undefined) return undefined;
    this.#sends.delete(id);
    if (send.signal !== undefined) this.#forget(send.signal, id);
    if (this.#sends.size === 0) {
      send.client.keepAlive(false);
      for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
    return send;
  }

  readonly #abort = ({ target }: Event): void => {
    const signal = target as AbortSignal;
    this.#start();
    for (const id of [...(this.#signals.get(signal) ?? [])]) {
      const known = this.#sends.get(id)?.client.cancel(id);
      // Otherwise the event is on its way.
      if (known != null) this.#take(id)?.reject(new CallCtaError(known, signal.reason));
    }
  };

  #forget(signal: AbortSignal, id: number): void {
    const ids = this.#signals.get(signal);
    ids?.delete(id);
    if (ids?.size !== 0) return;
    signal.removeEventListener('abort', this.#abort);
    this.#signals.delete(signal);
  }
}
