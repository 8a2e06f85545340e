import type { NativeOutbox, NativeOutboxes } from './binding.cjs';
import { type Client, sendsOf } from './client.cjs';
import { call, calledBy, type Caller, failure, invalidArgument } from './error.cjs';
import { asJson, changed, reading } from './json.cjs';
import { outcomes, type Outcome, type Outgoing, type Way } from './many.cjs';
import type { Message, Recipient, SendOptions } from './message.cjs';
import native = require('./native.cjs');
import { type Asked, asked } from './request.cjs';
import type { Sends, Ties } from './sends.cjs';
import { asSignal } from './signal.cjs';
import type { Items } from './source.cjs';
import type { Counts, Receipt } from './types.cjs';

export interface OutboxesSettings {
  /**
   * Most threads, for all of them. As many start as there are messages on their way at once: for
   * a pace of 40 and answers that take 100 ms, 4 a Page. Defaults to 64.
   */
  workers?: number | null | undefined;
  /** Most messages that wait in each of them; one more is refused. Defaults to 100,000. */
  capacity?: number | null | undefined;
}

export interface OutboxSettings {
  /** Most messages that start per second, up to 300; `Infinity` for no bound. Defaults to 40. */
  pace?: number | null | undefined;
  /** The same to each person. None by default. */
  personPace?: number | null | undefined;
}

/** How many are sent ahead, and until when. */
export interface ManyOptions {
  /** Most items without an outcome that was asked for. Defaults to twice the `workers`. */
  lookAhead?: number | null | undefined;
  /** Gives up all that is not done. */
  signal?: AbortSignal | null | undefined;
}

/** A message for `Outboxes.sendMany`. */
export interface PageOutgoing extends Outgoing {
  outbox: Outbox;
}

/** Sends through an outbox and those around it, which count that. */
let through: (
  queues: readonly Queue[],
  begin: () => Promise<Receipt>,
  caller: Caller,
) => Promise<Receipt>;

/** What there is to do with one outbox, and with all of them. */
export abstract class Queue {
  readonly #native: NativeOutbox | NativeOutboxes;
  #pending = 0;
  #ending = false;
  #whenIdle: (() => void)[] = [];

  static {
    through = async (queues, begin, caller) => {
      if (queues.some((queue) => queue.#ending)) throw failure(native.closed(), undefined, caller);
      for (const queue of queues) queue.#pending += 1;
      try {
        return await begin();
      } finally {
        for (const queue of queues) {
          queue.#pending -= 1;
          if (queue.#pending === 0) for (const resolve of queue.#whenIdle.splice(0)) resolve();
        }
      }
    };
  }

  /** @internal */
  constructor(native: NativeOutbox | NativeOutboxes) {
    this.#native = native;
  }

  /** How many messages have no outcome yet: those that wait and those that are being sent. */
  get pending(): number {
    return this.#pending;
  }

  /** How many messages are where, and what became of the others. */
  counts(): Counts {
    return this.#native.counts();
  }

  /**
   * Lets nothing start any more until {@link resume}, and tells how many messages are being sent.
   * What waits keeps its place and its deadline, and more may be sent.
   */
  pause(): number {
    return this.#native.pause();
  }

  /** Ends a pause. What was missed is not made up for. */
  resume(): void {
    this.#native.resume();
  }

  /** Cancels what waits, and tells how many messages that were. More may be sent. */
  cancel(): number {
    return this.#native.cancel();
  }

  /** Fulfils when nothing is being sent: for after a {@link pause}. */
  async settle(): Promise<void> {
    const caller = calledBy(this.settle);
    const told = await this.#native.settle();
    if (typeof told !== 'string' && 'kind' in told) throw failure(told, undefined, caller);
  }

  /** Fulfils when nothing waits or is being sent. */
  async wait(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Ends gracefully: takes no more messages, waits for what is pending, then closes. */
  async drain(): Promise<void> {
    this.#ending = true;
    await this.wait();
    await this.settle(); // the last one is counted a moment after it is told
    this.close();
  }

  /** Ends abruptly: cancels what waits, and takes no more. What is being sent goes on. */
  close(): void {
    this.#ending = true;
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The same as {@link drain}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }
}

/** A pace, as JSON. */
function asPace(perSecond: number | null): string {
  return asJson(perSecond === Infinity ? null : perSecond);
}

/** The way through outboxes that are there for others, too. */
function way(
  outboxes: NativeOutboxes,
  options: ManyOptions | null | undefined,
  route: Way['route'],
): Way {
  const signal = asSignal(
    reading('options', () => options?.signal),
    'signal',
  );
  const text = asJson(reading('options', () => changed(options ?? {}, { signal: undefined })));
  return { limit: call(() => outboxes.ahead(text)), signal, route };
}

/** What each outbox is made with. */
let made: (outboxes: Outboxes, around: NativeOutboxes, client: Client, own: NativeOutbox) => Outbox;
/** The way through one of them. */
let routed: (outbox: Outbox) => ReturnType<Way['route']>;

/**
 * The outbox of one Page among {@link Outboxes}, with a queue, a pace and counters of its own.
 * Messages to one person go out one after another, in order; those to different people in
 * parallel. To close it closes no client.
 */
export class Outbox extends Queue {
  /** The client that sends. */
  readonly client: Client;
  readonly #own: NativeOutbox;
  readonly #sends: Sends;
  readonly #outboxes: Outboxes;
  readonly #around: NativeOutboxes;

  static {
    made = (outboxes, around, client, own) => new Outbox(outboxes, around, client, own);
    routed = (outbox) => ({
      sends: outbox.#sends,
      outbox: outbox.#own.number,
      start: (ask, ties) => outbox.#start(ask, ties),
    });
  }

  private constructor(
    outboxes: Outboxes,
    around: NativeOutboxes,
    client: Client,
    own: NativeOutbox,
  ) {
    super(own);
    this.client = client;
    this.#own = own;
    this.#sends = sendsOf(client);
    this.#outboxes = outboxes;
    this.#around = around;
  }

  /** Bounds how many messages start per second; `Infinity` for any number. */
  setPace(perSecond: number): void {
    call(() => this.#own.setPace(asPace(perSecond)));
  }

  /**
   * The same for each person: the next message starts that much later than the one before was
   * answered.
   */
  setPersonPace(perSecond: number): void {
    call(() => this.#own.setPersonPace(asPace(perSecond)));
  }

  /** Sends a message in its turn. Rejects with a {@link CallCtaError}. */
  send(to: Recipient, message: Message, options?: SendOptions | null): Promise<Receipt> {
    const ask = () => asked(to, message, options, this.#own.number);
    return this.#start(ask, { caller: calledBy(this.send) });
  }

  /** Sends what `items` yields, as `Client.sendMany` does, at the outbox's pace. */
  sendMany<T extends Outgoing>(
    items: Items<T>,
    options?: ManyOptions | null,
  ): AsyncGenerator<Outcome<T>, void, undefined> {
    const prepare = () => way(this.#around, options, () => routed(this));
    return outcomes(prepare, items, calledBy(this.sendMany));
  }

  /** It refers to this, so that what waits is not given up by who has only its promise. */
  #start(ask: () => Asked, ties: Ties): Promise<Receipt> {
    const begin = () => this.#sends.start(ask, { ...ties, via: this });
    return through([this, this.#outboxes], begin, ties.caller);
  }
}

/**
 * Outboxes of many Pages that share their threads. Each Page has a queue, a pace and counters of
 * its own: what slows one down, its pace, a limit of the platform's or a pause, slows no other
 * one. Clients that share connections (`shareConnections`) make the most of it.
 */
export class Outboxes extends Queue {
  readonly #own: NativeOutboxes;

  /** None at first. Throws `invalid_argument`. */
  constructor(settings?: OutboxesSettings | null) {
    const own = call(() => new native.NativeOutboxes(asJson(settings ?? {})));
    super(own);
    this.#own = own;
  }

  /**
   * An outbox with these threads, for the Page of a client. Outboxes with a pace over one client
   * keep it together, with its `sendMany`; an order is kept within each. When nobody has it any
   * more, what waits in it is cancelled. Throws `invalid_argument`.
   */
  outbox(client: Client, settings?: OutboxSettings | null): Outbox {
    const [pace, personPace] = reading('settings', () => [settings?.pace, settings?.personPace]);
    const endless = (given: unknown) => (given === Infinity ? undefined : given);
    const told = { pace: endless(pace), personPace: endless(personPace) };
    const text = asJson(reading('settings', () => changed(settings ?? {}, told)));
    const { client: sender } = sendsOf(client);
    const own = call(() => this.#own.outbox(sender, text, pace === Infinity));
    return made(this, this.#own, client, own);
  }

  /**
   * Sends what `items` yields, each through its outbox and at its pace, and yields the outcomes
   * as they come; see `Client.sendMany`. At most `lookAhead` items are under way, be they of one
   * Page or of all: mix the Pages.
   */
  sendMany<T extends PageOutgoing>(
    items: Items<T>,
    options?: ManyOptions | null,
  ): AsyncGenerator<Outcome<T>, void, undefined> {
    const route: Way['route'] = (item) => {
      const outbox = reading('the item', () => (Object(item) as PageOutgoing).outbox);
      if (outbox instanceof Outbox) return routed(outbox);
      throw invalidArgument('outbox must be an Outbox');
    };
    return outcomes(() => way(this.#own, options, route), items, calledBy(this.sendMany));
  }
}
