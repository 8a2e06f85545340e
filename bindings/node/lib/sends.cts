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

interface Abort {
  ids: Set<number>;
  listener: () => void;
}

/** The sends of one client whose promises are not settled. */
export class Sends {
  readonly #sends = new Map<number, Send>();
  /** One listener for all sends with the same signal: Node warns of many. */
  readonly #aborts = new Map<AbortSignal, Abort>();
  #whenIdle: (() => void)[] = [];
  #lastId = 0;
  readonly #onRetry: ((event: RetryEvent) => void) | undefined;

  constructor(onRetry?: (event: RetryEvent) => void) {
    this.#onRetry = onRetry;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  add(id: number, send: Send): void {
    if (this.#sends.size === 0) send.client.keepAlive(true);
    this.#sends.set(id, send);
    if (send.signal === undefined) return;
    const abort = this.#aborts.get(send.signal) ?? this.#listen(send.signal);
    abort.ids.add(id);
  }

  /** Takes events from the native part. */
  handle(events: readonly NativeEvent[]): void {
    for (const event of events) {
      if (event.retry !== undefined && event.error !== undefined) {
        const retry = { error: new CallCtaError(event.error), ...event.retry };
        // What it throws must not keep the other events from being handled.
        queueMicrotask(() => this.#onRetry?.(retry));
      } else if (event.id !== undefined) {
        const send = this.#take(event.id);
        if (event.receipt !== undefined) send?.resolve(event.receipt);
        else if (event.error !== undefined) send?.reject(new CallCtaError(event.error));
      }
    }
  }

  /** Fulfils when no send is left. */
  idle(): Promise<void> {
    if (this.#sends.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
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

  #listen(signal: AbortSignal): Abort {
    const abort: Abort = { ids: new Set(), listener: () => this.#abort(signal, abort.ids) };
    signal.addEventListener('abort', abort.listener, { once: true });
    this.#aborts.set(signal, abort);
    return abort;
  }

  #abort(signal: AbortSignal, ids: ReadonlySet<number>): void {
    for (const id of [...ids]) {
      const known = this.#sends.get(id)?.client.cancel(id);
      // Otherwise it has just been settled, and the event is on its way.
      if (known != null) this.#take(id)?.reject(new CallCtaError(known, signal.reason));
    }
  }

  #forget(signal: AbortSignal, id: number): void {
    const abort = this.#aborts.get(signal);
    abort?.ids.delete(id);
    if (abort?.ids.size !== 0) return;
    signal.removeEventListener('abort', abort.listener);
    this.#aborts.delete(signal);
  }
}
