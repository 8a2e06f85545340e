import native = require('./native.cjs');
import { camelCase, shown } from './ask.cjs';
import { told, CampaignError } from './campaign_error.cjs';
import { call, type Caller } from './error.cjs';
import { parse } from './wire.cjs';

/** What is known about a row. */
export type State =
  'queued' | 'in_flight' | 'sent' | 'rejected' | 'unknown' | 'skipped' | 'assumed_sent';

/** How many rows are in a state for a reason. */
export interface OfKind {
  state: State;
  /** The reason: a kind of error, `worker_lost`, or why they were skipped. */
  kind: string;
  rows: number;
  /** What that means, and what to do about it. */
  meaning?: string;
}

/** How a campaign stands. */
export interface Standing {
  /**
   * `paused`: something is left to send, and nobody does. `finished_needs_attention`: some were
   * rejected or skipped, or are unknown.
   */
  status: 'running' | 'pausing' | 'paused' | 'finished' | 'finished_needs_attention';
  /** All rows of the campaign. */
  rows: number;
  /** How many are in each state; they add up to the rows. */
  states: Record<State, number>;
  /** How many are in a state for a reason. */
  kinds: OfKind[];
  /** The Pages with queued rows that somebody must see to, and why. */
  paused: Record<string, string>;
  /** How a run ended. `held`: rows are left, but each Page that has some is paused. */
  ended?: 'finished' | 'drained' | 'held' | 'journal_failed';
  /** What tells the campaign from all others. */
  campaign: string;
  inputHash: string;
  messageHash: string;
}

/** A Page that is held up in a run. */
export interface Held {
  page: string;
  /** For how long the platform takes nothing. */
  limitedForMs?: number;
  /** In how much time the run is to begin. */
  startsInMs?: number;
  /** For how long it has quiet hours. */
  quietForMs?: number;
  /** What somebody must see to. */
  paused?: string;
}

/** How far a run is. */
export interface Snapshot {
  /** All rows of the campaign. */
  rows: number;
  /** How many are neither queued nor in flight. */
  done: number;
  /** How many are in each state; they add up to the rows. */
  states: Record<State, number>;
  /** How many this run has settled. */
  settled: number;
  /** How many of them per second, lately. */
  rate: number;
  /** How many per second the open Pages may start together, if that is bounded. */
  pace?: number;
  /** How long it will take, by this run alone, once enough is known. */
  leftMs?: number;
  /** Whether nothing more is started. */
  draining: boolean;
  /** Why the journal can't be written, as long as it can't. */
  journal?: string;
  /** The Pages that are held up. */
  held: Held[];
}

/** How often it is looked whether a token is asked for. */
const LOOK_MS = 20;

type Fields = Record<string, any>;

/** The fields of an object whose names are not Pages' or states'. */
function named({ states, paused, ...others }: Fields): Fields {
  return { ...(shown(others) as Fields), states, ...(paused !== undefined && { paused }) };
}

export const standingOf = (told: unknown) => ({ paused: {}, ...named(told as Fields) }) as Standing;

function snapshotOf(text: string): Snapshot {
  const { left, held, ...others } = parse(text) as Fields;
  const limited = ({ page, paused, ...times }: Fields) => ({
    page,
    ...(paused !== undefined && { paused }),
    ...Object.fromEntries(
      Object.entries(times).map(([name, seconds]) => [`${camelCase(name)}Ms`, seconds * 1000]),
    ),
  });
  return {
    ...named(others),
    ...(left !== null && { leftMs: left * 1000 }),
    held: held.map(limited),
  } as Snapshot;
}

type Native = InstanceType<typeof native.NativeRun>;

/** What a run is begun with. */
export interface Beginning {
  /** Makes it ready, which may take a while. */
  begin: () => Promise<Native>;
  /** The token of a Page that comes later. */
  tokenFor: (page: string) => Promise<string | undefined>;
  onProgress: ((snapshot: Snapshot) => void) | undefined;
  everyMs: number;
  signal: AbortSignal | undefined;
  caller: Caller;
}

/**
 * A run of a campaign, which begins at once. `await run` waits for its end; `for await (const
 * snapshot of run)` tells how far it is, at last when it has ended. Whoever leaves that loop
 * drains it: nothing more is started, and what is under way is waited for.
 */
export class Run implements PromiseLike<Standing>, AsyncIterable<Snapshot> {
  readonly #done: Promise<Standing>;
  readonly #everyMs: number;
  #native: Native | undefined;
  #draining = false;

  /** @internal */
  constructor(beginning: Beginning) {
    this.#everyMs = beginning.everyMs;
    this.#done = this.#run(beginning);
  }

  async #run({
    begin,
    tokenFor,
    onProgress,
    everyMs,
    signal,
    caller,
  }: Beginning): Promise<Standing> {
    signal?.throwIfAborted();
    const abort = () => this.drain();
    signal?.addEventListener('abort', abort);
    let thrown: { error: unknown } | undefined;
    const tell = () => {
      const snapshot = this.snapshot();
      if (snapshot === undefined || thrown !== undefined) return;
      try {
        onProgress?.(snapshot);
      } catch (error) {
        thrown = { error };
        this.drain();
      }
    };
    let timer: NodeJS.Timeout | undefined;
    let looking: NodeJS.Timeout | undefined;
    let answering = false;
    const look = async (run: Native) => {
      const page = answering ? null : run.asked();
      if (page === null) return;
      answering = true;
      try {
        run.answer(await tokenFor(page));
      } catch (error) {
        thrown ??= { error };
        this.drain();
      } finally {
        answering = false;
      }
    };
    try {
      const begun = await begin();
      looking = setInterval(() => void look(begun), LOOK_MS);
      this.#native = begun;
      if (this.#draining) begun.drain();
      if (onProgress !== undefined) timer = setInterval(tell, everyMs);
      const { failure, ...standing } = (await told(() => begun.run(), caller)) as Fields;
      clearInterval(timer);
      tell();
      if (thrown !== undefined) throw thrown.error;
      if (failure !== undefined) {
        throw new CampaignError({ campaignKind: 'journal', message: failure });
      }
      signal?.throwIfAborted();
      return standingOf(standing);
    } finally {
      clearInterval(timer);
      clearInterval(looking);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** How far it is, once it has begun. */
  snapshot(): Snapshot | undefined {
    const begun = this.#native;
    const snapshot = begun && snapshotOf(call(() => begun.snapshot()));
    return snapshot?.rows === 0 ? undefined : snapshot;
  }

  /** Starts nothing more; the run ends when all that is under way has been settled. */
  drain(): void {
    this.#draining = true;
    this.#native?.drain();
  }

  /** Drains, and doesn't even wait for what is being sent: that becomes unknown. */
  breakOff(): void {
    this.drain();
    this.#native?.breakOff();
  }

  then<T = Standing, E = never>(
    fulfilled?: ((standing: Standing) => T | PromiseLike<T>) | null,
    rejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<T | E> {
    return this.#done.then(fulfilled, rejected);
  }

  catch<E = never>(rejected?: ((reason: unknown) => E | PromiseLike<E>) | null) {
    return this.#done.catch(rejected);
  }

  finally(ended?: (() => void) | null): Promise<Standing> {
    return this.#done.finally(ended);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Snapshot, void, undefined> {
    let ended = false;
    const end = this.#done.then(
      () => (ended = true),
      () => (ended = true),
    );
    try {
      while (!ended) {
        let timer: NodeJS.Timeout | undefined;
        const later = new Promise((resolve) => (timer = setTimeout(resolve, this.#everyMs)));
        await Promise.race([end, later]);
        clearTimeout(timer);
        const snapshot = this.snapshot();
        if (snapshot !== undefined) yield snapshot;
      }
      await this.#done;
    } finally {
      if (!ended) {
        this.drain();
        await end;
      }
    }
  }
}
