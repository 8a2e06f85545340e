import { AsyncResource } from 'node:async_hooks';
import native = require('./native.cjs');
import type { NativeClient, NativeError } from './binding.cjs';
import { type CallCtaError, type Caller, failure } from './error.cjs';
import { isLogging, log } from './log.cjs';
import type { Asked } from './request.cjs';
import type { RetryEvent } from './settings.cjs';
import type { Receipt, Retry } from './types.cjs';

/** What else a send belongs to. */
export interface Ties {
  /** Gives the send up, as its own does. */
  signal?: AbortSignal | undefined;
  /** Has the ids of the sends that it was given for, until they are settled. */
  group?: Set<number>;
  /** Who sends: errors show its stack. */
  caller: Caller;
  /** What must not be collected before the send is settled. */
  via?: object;
}

interface Send {
  via: object | undefined;
  signals: readonly AbortSignal[];
  group: Set<number> | undefined;
  caller: Caller;
  /** For those who want to know of retries: what it was called with, and where. */
  about: Pick<RetryEvent, 'to' | 'message'> | undefined;
  scope: AsyncResource | undefined;
  resolve: (receipt: Receipt) => void;
  reject: (error: CallCtaError) => void;
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
  /** Of the latest ones, which are not started yet; nothing for what was given up. */
  #requests: string[] = [];
  #lastId = 0;
  #ending = false;

  constructor(
    settings: string,
    private readonly onRetry?: (event: RetryEvent) => void,
    connectionsOf?: NativeClient,
  ) {
    // Weak, since the native part, which nothing collects, keeps what it calls.
    const self = new WeakRef(this);
    const listener = (...values: unknown[]) => self.deref()?.handle(values);
    this.client = new native.NativeClient(settings, listener, connectionsOf);
  }

  /** Starts a send, together with the others of this moment. */
  start(ask: () => Asked, { signal: common, group, caller, via }: Ties): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      if (this.#ending) throw failure(native.closed(), undefined, caller);
      const { request, signal: own, to, message } = ask();
      const signals = [own, common].filter((signal) => signal !== undefined);
      const aborted = signals.find((signal) => signal.aborted);
      if (aborted) throw failure(native.notBegun(), aborted.reason, caller);
      // Nothing throws from here on: no request must be left without its send.
      const id = ++this.#lastId;
      for (const signal of signals) this.#listen(signal, id);
      group?.add(id);
      const about = this.onRetry && { to, message };
      const scope = this.onRetry && new AsyncResource('callcta.send');
      this.#sends.set(id, { resolve, reject, signals, group, caller, via, about, scope });
      busy.add(this);
      if (this.#requests.push(request) === 1) void Promise.resolve().then(this.#begin);
      if (this.#requests.length === BATCH) this.#begin();
    });
  }

  /** Gives sends up, of all of which it will be told what became of them. */
  giveUp(ids: Iterable<number>): void {
    const begun: number[] = [];
    const first = this.#lastId - this.#requests.length + 1;
    for (const id of ids) {
      if (id < first) begun.push(id);
      else {
        this.#requests[id - first] = '';
        this.#fail(id, native.notBegun());
      }
    }
    if (begun.length > 0) this.client.cancel(Float64Array.from(begun));
  }

  /** Takes events from the native part, five values each. */
  handle(values: any[]): void {
    for (let at = 0; at < values.length; at += 5) {
      const [id, outcome, detail, attempts, usage] = values.slice(at, at + 5);
      if (id === undefined) {
        log(outcome);
      } else if (typeof outcome === 'object') {
        if (detail) this.#retrying(id, outcome, detail);
        else this.#fail(id, outcome);
      } else {
        const receipt: Receipt = { messageId: outcome, recipientId: detail, attempts };
        if (detail === null) delete receipt.recipientId;
        this.#take(id)?.resolve(usage === null ? receipt : { ...receipt, usage });
      }
    }
  }

  get pending(): number {
    return this.#sends.size;
  }

  /** Takes no more, and fulfils when no send is left. */
  async drain(): Promise<void> {
    this.#ending = true;
    if (this.#sends.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  readonly #begin = (): void => {
    const texts = this.#requests.splice(0);
    // What JSON.stringify writes has no line break.
    const first = this.#lastId - texts.length + 1;
    if (texts.length > 0) this.client.send(first, texts.join('\n'), isLogging());
  };

  #retrying(id: number, outcome: NativeError, retry: Retry): void {
    const send = this.#sends.get(id);
    if (send?.about === undefined) return;
    const event = { ...send.about, error: failure(outcome, undefined, send.caller), ...retry };
    // What it throws must not keep the other events from being handled.
    send.scope?.runInAsyncScope(() => void Promise.resolve().then(() => this.onRetry?.(event)));
  }

  #fail(id: number, outcome: NativeError): void {
    const send = this.#take(id);
    if (send === undefined) return;
    const aborted = outcome.reason === 'aborted' && send.signals.find((signal) => signal.aborted);
    send.reject(failure(outcome, aborted ? aborted.reason : undefined, send.caller));
  }

  #take(id: number): Send | undefined {
    const send = this.#sends.get(id);
    if (send === undefined) return undefined;
    this.#sends.delete(id);
    send.group?.delete(id);
    for (const signal of send.signals) {
      const ids = this.#signals.get(signal);
      if (ids?.delete(id) && ids.size === 0) {
        signal.removeEventListener('abort', this.#abort);
        this.#signals.delete(signal);
      }
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

  readonly #abort = ({ target }: { target: any }): void => {
    this.giveUp(this.#signals.get(target) ?? []);
  };
}
