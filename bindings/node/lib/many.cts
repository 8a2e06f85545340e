import native = require('./native.cjs');
import { call, type CallCtaError, type Caller } from './error.cjs';
import { asJson, changed, reading } from './json.cjs';
import type { Message, Recipient, SendOptions } from './message.cjs';
import { type Asked, asked, PACED, PROMPT } from './request.cjs';
import type { Sends, Ties } from './sends.cjs';
import { asSignal } from './signal.cjs';
import { Source, type Items } from './source.cjs';
import type { Receipt } from './types.cjs';

/** A message for `Client.sendMany`. */
export interface Outgoing {
  to: Recipient;
  message: Message;
  options?: SendOptions | null | undefined;
}

/** What became of one item of `Client.sendMany`. */
export type Outcome<T extends Outgoing = Outgoing> =
  | { index: number; item: T; receipt: Receipt; error?: undefined }
  | { index: number; item: T; receipt?: undefined; error: CallCtaError };

export interface SendManyOptions {
  /** Most messages that start per second, up to 300; `Infinity` for no bound. Defaults to 40. */
  pace?: number | null | undefined;
  /** Most items without an outcome that was asked for. Defaults to twice the `workers`. */
  lookAhead?: number | null | undefined;
  /** Gives up all that is not done. */
  signal?: AbortSignal | null | undefined;
}

/** How many items are taken before other things have their turn in the event loop. */
const TURN = 64;

/** How the sends of many are made. */
export interface Way {
  /** How many items may be without an outcome. */
  limit: number;
  signal: AbortSignal | undefined;
  /** Whose send an item is, through which of its outboxes, and how it is started. */
  route(item: unknown): {
    sends: Sends;
    outbox: number;
    start(ask: () => Asked, ties: Ties): Promise<Receipt>;
  };
}

/** The way of one client's messages. */
export function ownWay(sends: Sends, options: SendManyOptions | null | undefined): Way {
  const [pace, given] = reading('options', () => {
    const { pace, signal } = options ?? {};
    return [pace, signal];
  });
  const signal = asSignal(given, 'signal');
  const paced = pace !== Infinity;
  const told = { signal: undefined, pace: paced ? pace : undefined };
  const text = asJson(reading('options', () => changed(options ?? {}, told)));
  const limit = call(() => sends.client.prepare(text, paced));
  const start = sends.start.bind(sends);
  return { limit, signal, route: () => ({ sends, outbox: paced ? PACED : PROMPT, start }) };
}

/** Sends the items and yields what becomes of them; `caller` is who wants it. */
export async function* outcomes<T extends Outgoing>(
  prepare: () => Way,
  items: Items<T>,
  caller: Caller,
): AsyncGenerator<Outcome<T>, void, undefined> {
  const { limit, signal, route } = prepare();
  const source = new Source(items);
  const ready: Outcome<T>[] = [];
  const groups = new Map<Sends, Set<number>>();
  let [taken, taking, sending, left, wake] = [0, false, 0, false, () => {}];
  const awake = () => wake();

  const take = async () => {
    taking = true;
    const next = await source.take();
    if (next !== undefined && !left) void send(next.item, taken++);
    // Items that are refused at once would leave no time for anything else.
    if (taken % TURN === 0 && !source.ended) await native.turn();
    taking = false;
    wake();
  };
  const send = async (item: T, index: number) => {
    sending += 1;
    try {
      const { sends, outbox, start } = route(item);
      const ask = () => {
        const [to, message, options] = reading('the item', () => {
          const { to, message, options }: Outgoing = Object(item);
          return [to, message, options];
        });
        return asked(to, message, options, outbox);
      };
      const group = groups.get(sends) ?? new Set();
      groups.set(sends, group);
      ready.push({ index, item, receipt: await start(ask, { signal, group, caller }) });
    } catch (error) {
      ready.push({ index, item, error: error as CallCtaError });
    }
    sending -= 1;
    wake();
  };

  signal?.addEventListener('abort', awake);
  try {
    for (;;) {
      // Made before anything that could wake it.
      const woken = new Promise<void>((resolve) => (wake = resolve));
      const open = !source.ended && !signal?.aborted;
      if (open && !taking && sending + ready.length < limit) void take();
      const outcome = ready.shift();
      if (outcome !== undefined) yield outcome;
      else if (sending === 0 && !open) break;
      else await woken;
    }
    source.check();
  } finally {
    signal?.removeEventListener('abort', awake);
    left = true;
    for (const [sends, group] of groups) sends.giveUp(group);
    await source.close(!signal?.aborted);
  }
}
