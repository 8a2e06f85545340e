import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import native = require('./native.cjs');
import { asMoment, optionsToWire, shown } from './ask.cjs';
import { told } from './campaign_error.cjs';
import { pushAll, type Row } from './campaign_rows.cjs';
import { Run, standingOf, type Snapshot, type Standing, type State } from './campaign_run.cjs';
import { call, calledBy, type Caller, invalidArgument } from './error.cjs';
import { asJson, reading } from './json.cjs';
import type { JsonObject, Message } from './message.cjs';
import type { ClientSettings } from './settings.cjs';
import { asSignal } from './signal.cjs';
import { Source, type Items } from './source.cjs';
import { toWire } from './wire.cjs';

export { CampaignError } from './campaign_error.cjs';
export type { CampaignErrorKind } from './campaign_error.cjs';
export type { Row } from './campaign_rows.cjs';
export { Run } from './campaign_run.cjs';
export type { Held, OfKind, Snapshot, Standing, State } from './campaign_run.cjs';

/** A message: JSON or the name of a file, as texts; or an object. */
export type CampaignMessage = string | URL | Message;

/** The name of a file, or rows. */
export type Recipients = string | URL | Items<Row>;

/** An access token for each Page, by its id. */
export type Tokens =
  | Readonly<Record<string, string>>
  | ReadonlyMap<string, string>
  | ((pageId: string) => string | undefined | PromiseLike<string | undefined>);

/** How recipients and message are planned. */
export interface PlanOptions {
  /** The Page of rows that name none. */
  pageId?: string | null | undefined;
  /** How the file is written; found from its name or its first byte by default. */
  format?: 'auto' | 'csv' | 'tsv' | 'jsonl' | null | undefined;
  /** Whether to skip rows that can't be sent, instead of planning nothing. */
  skipInvalid?: boolean | null | undefined;
  /** Whether somebody may get several messages from one Page. */
  allowRepeated?: boolean | null | undefined;
  /** Whether ids that look rounded, as by a spreadsheet, are right. */
  idsConfirmed?: boolean | null | undefined;
  /** Whether to keep nothing. */
  checkOnly?: boolean | null | undefined;
  /** Whether it is good that the same was planned before; then nothing is changed. */
  existOk?: boolean | null | undefined;
}

/** One kind of thing that is wrong with some rows. */
export interface Finding {
  /** `fatal`: nothing can be planned as long as it is so. `error`: its rows can be skipped. */
  weight: 'fatal' | 'error' | 'warning';
  /** Which rule, such as `blank_cell`. */
  rule: string;
  /** The column, or the place in the message; empty for the row as a whole. */
  place: string;
  /** How many rows. */
  rows: number;
  /** Where the first of them are, five at most: lines of a file, else numbers from 1. */
  lines: number[];
  /** What is wrong, as the first of the rows says. */
  message: string;
}

/** What was planned, or would be. */
export interface Plan {
  /** Whether it can be used. If not, nothing was planned. */
  ok: boolean;
  rows: number;
  /** How many wait to be sent. */
  ready: number;
  /** How many were skipped from the beginning. */
  skipped: number;
  /** How many of each Page wait. */
  pages: Record<string, number>;
  inputHash: string;
  messageHash: string;
  /** What is wrong, the heaviest first. */
  findings: Finding[];
  /** What else people should know. */
  notes: string[];
}

/** How a campaign is run: its own settings, and how the platform is reached. */
export interface RunOptions extends Omit<
  Partial<ClientSettings>,
  'pageId' | 'accessToken' | 'useMe' | 'retry' | 'onRetry' | 'capacity' | 'workers'
> {
  /** Most messages that each Page starts per second; `Infinity` for any number. Defaults to 40. */
  pace?: number | null | undefined;
  /** Most messages under way at once, each on a thread. Defaults to 8 per Page, 64 at least. */
  workers?: number | null | undefined;
  /** A file with the PSIDs of those who must not be written to, looked at before each message. */
  suppress?: string | URL | null | undefined;
  /**
   * Nothing is sent before; one that is more than an hour past is refused. Unlike a Date, a text
   * such as `2026-12-01T12:00[Africa/Lagos]` may have a time zone.
   */
  startAt?: Date | string | null | undefined;
  /** Hours in which nobody is written to, such as `21:00-08:00`. */
  quietHours?: string | null | undefined;
  /**
   * Whose clock that is: a zone such as `Africa/Lagos` for all Pages, or zones by their ids. A
   * Page without one is paused while there are quiet hours.
   */
  timeZone?: string | Readonly<Record<string, string>> | null | undefined;
  /** Is told how far it is from time to time, and at the end. What it throws drains the run. */
  /** How long a journal that can't be written is tried again. Defaults to 60,000. */
  journalPatienceMs?: number | null | undefined;
  /**
   * How long a Page waits for a process that went away without a word, in a journal that machines
   * share. Defaults to 15,000.
   */
  leaseTimeMs?: number | null | undefined;
  onProgress?: ((snapshot: Snapshot) => void) | null | undefined;
  /** How much time is between two snapshots. Defaults to 1000. */
  everyMs?: number | null | undefined;
  /** Drains the run, which then rejects with its reason. */
  signal?: AbortSignal | null | undefined;
}

/** Which rows; all of them by default. */
export interface Which {
  states?: readonly State[] | null | undefined;
  /** Of one of these kinds, such as `outside_window`. */
  kinds?: readonly string[] | null | undefined;
  pageId?: string | null | undefined;
}

/** What echoes did. */
export interface Settled {
  /** How many rows are sent now, by what they were before. */
  settled: Partial<Record<State, number>>;
  /** Echoes of rows that were known to be sent. */
  known: number;
  /** Echoes that fit no row. */
  strangers: number;
  /** What was neither a webhook's body nor an event. */
  unread: number;
}

/** How often it is looked whether a run has been paused. */
const LOOK_MS = 50;

/** How many events are settled together. */
const TOGETHER = 1000;

/** Which campaign a journal has. */
export interface CampaignOptions {
  /** The campaign's name in PostgreSQL, unless the address has it. */
  campaign?: string | null | undefined;
  /** Whether you know that the journal was moved or restored, and no other copy was used since. */
  journalMoved?: boolean | null | undefined;
}

/**
 * A campaign by its journal. It keeps nothing open, and nothing secret. One process at a time
 * may run it, or put rows back; all else may be done while it runs elsewhere. A journal in
 * PostgreSQL is shared: rows may be added, and any number of processes may run it.
 */
export class Campaign {
  readonly #place: { journal: string; campaign?: string; moved: boolean };

  /**
   * Opens nothing yet. The journal is a file, or `postgresql://…?campaign=autumn`, of which what is
   * left out comes from the environment, as in all programs that use libpq.
   */
  constructor(journal: string | URL, options?: CampaignOptions | null) {
    const { campaign, journalMoved } = options ?? {};
    this.#place = {
      journal: isAddress(journal) ? String(journal) : pathOf(journal, 'journal'),
      ...(campaign !== undefined && campaign !== null && { campaign }),
      moved: journalMoved === true,
    };
  }

  /** Where the journal is. It may hold a password, so it isn't shown. */
  get journal(): string {
    return this.#place.journal;
  }

  async #ask(name: string, given: Record<string, unknown>, caller: Caller): Promise<unknown> {
    const text = optionsToWire(given);
    return told(() => native.campaign(this.#place, name, text), caller);
  }

  /** Whether it has been planned. */
  async exists(): Promise<boolean> {
    return (await this.#ask('exists', {}, calledBy(this.exists))) as boolean;
  }

  /**
   * Makes a campaign without rows in a journal that machines share, unless it is there: so whoever
   * plans rows in parts, in several processes, knows before that message and columns fit.
   */
  async create(
    message: CampaignMessage,
    columns: readonly string[],
    options?: { pageId?: string | null | undefined } | null,
  ): Promise<void> {
    const caller = calledBy(this.create);
    const given = { ...options, message: await textOf(message), columns };
    await this.#ask('create', given, caller);
  }

  /**
   * Reads all recipients, and fills in and checks the message of each, without sending. A row
   * has `psid`, and perhaps `key` (what tells it from all others), `page` and `windowUntil`; in
   * the core's spelling, `window_until`. All else fills the message's `{{placeholders}}`. Ids are
   * texts, bigints, or numbers that JavaScript doesn't round. If the plan is not `ok`, nothing was
   * planned, and its findings say why.
   */
  async plan(
    recipients: Recipients,
    message: CampaignMessage,
    options?: PlanOptions | null,
  ): Promise<Plan> {
    const caller = calledBy(this.plan);
    const given: Record<string, unknown> = { ...options, message: await textOf(message) };
    const isFile = isPath(recipients);
    if (isFile) given['path'] = pathOf(recipients, 'recipients');
    const text = optionsToWire(given);
    const plan = new native.NativePlan();
    const planned = told(() => plan.plan(this.#place, text), caller);
    // It may fail while rows are still handed over.
    planned.catch(() => {});
    if (!isFile) {
      const [pushed] = await Promise.allSettled([pushAll(recipients, plan), planned]);
      if (pushed.status === 'rejected') throw pushed.reason;
    }
    const { pages, ...others } = (await planned) as JsonObject;
    return { ...(shown(others) as Plan), pages: pages as Record<string, number> };
  }

  /**
   * Sends what is queued, and nothing that may have arrived; also goes on after an end. It begins
   * at once; see {@link Run} for its end and its progress.
   *
   * Of `tokens` nothing is kept; a function is called once for each Page that has something to
   * send, and should take less than the lease time; a Page of a journal that machines share is
   * paused if it has none. By default they, and how the platform is reached, are those of the environment, as for
   * `Client.fromEnv`.
   */
  run(tokens?: Tokens | null, options?: RunOptions | null): Run {
    const caller = calledBy(this.run);
    const { pace, workers, suppress, startAt, quietHours, timeZone, ...others } = { ...options };
    const { onProgress, everyMs, signal, leaseTimeMs, journalPatienceMs, ...client } = others;
    const start = startAt instanceof Date ? asMoment(startAt, 'startAt') : startAt;
    let tokenFor: (page: string) => Promise<string | undefined>;
    const begin = async () => {
      // Of a shared journal others may add Pages meanwhile, so it asks when they come.
      const shared = call(() => native.isShared(this.#place));
      const pages = shared ? {} : await this.#ask('pages', {}, caller);
      const settings: Record<string, unknown> = client;
      let find = tokens;
      if (find === undefined || find === null) {
        const { pageId, accessToken, ...found } = call(() => native.environment());
        find = { [pageId]: accessToken };
        for (const [name, value] of Object.entries(found)) settings[name] ??= value;
      }
      const all = find;
      tokenFor = (page) => tokenOf(all, page);
      const known: Record<string, string> = {};
      for (const page of Object.keys(pages as object)) {
        const token = await tokenFor(page);
        if (token !== undefined) known[page] = token;
      }
      const given = {
        ...(pace !== undefined && pace !== null && { pace: pace === Infinity ? null : pace }),
        workers,
        leaseTime: seconds(leaseTimeMs),
        journalPatience: seconds(journalPatienceMs),
        suppress: suppress === undefined || suppress === null ? null : pathOf(suppress, 'suppress'),
        startAt: typeof start === 'number' ? new Date(start).toISOString() : start,
        quietHours,
        timeZones: zonesOf(timeZone),
        client: JSON.parse(optionsToWire(settings)) as JsonObject,
      };
      const [text, secret] = [optionsToWire(given), asJson(known)];
      return call(() => new native.NativeRun(this.#place, text, secret));
    };
    return new Run({
      begin,
      tokenFor: (page) => tokenFor(page),
      onProgress: onProgress ?? undefined,
      everyMs: everyMs ?? 1000,
      signal: asSignal(signal, 'options.signal'),
      caller,
    });
  }

  /**
   * Asks those who run it, in whatever process, to stop (of a journal that machines share also
   * those who will, until `resume`), and fulfils when nothing more is sent
   * (unless `wait` is false): with how many messages were under way, or `undefined` if nobody
   * runs it.
   */
  async pause(options?: { wait?: boolean | null } | null): Promise<number | undefined> {
    const caller = calledBy(this.pause);
    const inFlight = (await this.#ask('pause', {}, caller)) as number | null;
    if (inFlight === null) return undefined;
    if (options?.wait ?? true) {
      while ((await this.#ask('held', {}, caller)) === true) await sleep(LOOK_MS);
    }
    return inFlight;
  }

  /**
   * Lets it be run again after a pause, in a journal that machines share. One in a file needs no
   * such word: whoever runs it says so.
   */
  async resume(): Promise<void> {
    await this.#ask('resume', {}, calledBy(this.resume));
  }

  /** How it stands, while it runs or not. */
  async status(): Promise<Standing> {
    return standingOf(await this.#ask('status', {}, calledBy(this.status)));
  }

  /** How many rows there are. */
  async count(which?: Which | null): Promise<number> {
    return (await this.#ask('count', { ...which }, calledBy(this.count))) as number;
  }

  /**
   * Puts rows back into the queue, and fulfils with how many: those that were `rejected` unless
   * others are named. `riskDuplicates` puts back what is `unknown`, too: people may get the
   * message twice.
   */
  async retry(which?: (Which & { riskDuplicates?: boolean | null }) | null): Promise<number> {
    const { riskDuplicates, ...others } = { ...which };
    const given = { which: wireOf(others), riskDuplicates };
    return (await this.#ask('retry', given, calledBy(this.retry))) as number;
  }

  /**
   * Changes the message of all that is sent from now on, while it runs or not, if there are
   * warnings at most; fulfils with what is wrong with it for some rows.
   */
  async changeMessage(message: CampaignMessage): Promise<Finding[]> {
    const caller = calledBy(this.changeMessage);
    return (await this.#ask(
      'change_message',
      { message: await textOf(message) },
      caller,
    )) as Finding[];
  }

  /** Changes the pace of those who run it, until their run ends; `Infinity` for no bound. */
  async changePace(pace: number): Promise<void> {
    const given = { pace: pace === Infinity ? null : pace };
    await this.#ask('change_pace', given, calledBy(this.changePace));
  }

  /**
   * Settles rows by the echoes of their messages, whether it runs or not: a file with webhooks'
   * bodies or events, one per line, or many of them: bodies as texts or bytes, or parsed. Nothing
   * is verified: give what comes from a receiver that did that. What is no echo of this campaign
   * doesn't count.
   */
  async settle(events: string | URL | Items<string | Uint8Array | object>): Promise<Settled> {
    const caller = calledBy(this.settle);
    const settle = async (path: string | null, lines: string[]) => {
      const ask = () => native.settle(this.#place, path, lines);
      return (await told(ask, caller)) as Settled & JsonObject;
    };
    if (isPath(events)) return settle(pathOf(events, 'events'), []);
    const source = new Source(events);
    const sum: Settled = { settled: {}, known: 0, strangers: 0, unread: 0 };
    try {
      while (!source.ended) {
        const lines: string[] = [];
        while (lines.length < TOGETHER) {
          const next = await source.take();
          if (next === undefined) break;
          lines.push(eventLine(next.item));
        }
        source.check();
        const { settled, known, strangers, unread } = await settle(null, lines);
        for (const [state, count] of Object.entries(settled) as [State, number][]) {
          sum.settled[state] = (sum.settled[state] ?? 0) + count;
        }
        sum.known += known;
        sum.strangers += strangers;
        sum.unread += unread;
      }
    } finally {
      await source.close(true);
    }
    return sum;
  }

  /** Takes unknown rows for sent, by your word, all or those of some kinds; how many. */
  async assumeSent(which?: Pick<Which, 'kinds'> | null): Promise<number> {
    return (await this.#ask('assume_sent', { ...which }, calledBy(this.assumeSent))) as number;
  }

  /**
   * The rows with what became of each, in the order of the plan: the columns that came in, and
   * `callcta_state`, `callcta_kind`, `callcta_message_id` and so on, unless they are blank.
   * Planned again, they are the same rows.
   */
  async *rows(which?: Which | null): AsyncGenerator<Record<string, string>, void, undefined> {
    const caller = calledBy(this.rows);
    let after: number | null = 0;
    while (after !== null) {
      const given: Record<string, unknown> = { which: wireOf(which), after };
      const { lines, last } = (await this.#ask('rows', given, caller)) as {
        lines: string;
        last: number | null;
      };
      for (const line of lines.split('\n')) {
        if (line !== '') yield JSON.parse(line) as Record<string, string>;
      }
      after = last;
    }
  }

  /** Writes rows into a file, over what is there, and fulfils with how many. */
  async export(
    path: string | URL,
    options?: (Which & { format?: 'csv' | 'jsonl' | null; excel?: boolean | null }) | null,
  ): Promise<number> {
    const { format, excel, ...which } = { ...options };
    const given = { which: wireOf(which), path: pathOf(path, 'path'), format, excel };
    return (await this.#ask('export', given, calledBy(this.export))) as number;
  }

  /**
   * Writes a page of HTML that needs nothing but itself, over what is there: how it stands, with
   * plots. It names no people and has no texts of messages.
   */
  async report(path: string | URL): Promise<void> {
    await this.#ask('report', { path: pathOf(path, 'path') }, calledBy(this.report));
  }
}

function zonesOf(given: RunOptions['timeZone']): readonly string[] {
  if (given === undefined || given === null) return [];
  if (typeof given !== 'object') return [given];
  return Object.entries(given).map(([page, zone]) => `${page}=${zone}`);
}

const isPath = (given: unknown): given is string | URL =>
  typeof given === 'string' || given instanceof URL;

function pathOf(given: string | URL, name: string): string {
  if (given instanceof URL) return reading(name, () => fileURLToPath(given));
  if (typeof given === 'string') return given;
  throw invalidArgument(`${name} must be the name of a file`);
}

/** A message as JSON: a text that begins with a brace, the content of a file, or an object's. */
async function textOf(message: CampaignMessage): Promise<string> {
  if (!isPath(message)) return asJson(toWire(message), { path: 'message', wire: true });
  if (typeof message === 'string' && message.trimStart().startsWith('{')) return message;
  return readFile(message, 'utf8');
}

const isAddress = (journal: unknown) => /^postgres(ql)?:/.test(String(journal));

const seconds = (ms: number | null | undefined) =>
  ms === undefined || ms === null ? ms : ms / 1000;

async function tokenOf(tokens: Tokens, page: string): Promise<string | undefined> {
  if (typeof tokens === 'function') return (await tokens(page)) ?? undefined;
  if (tokens instanceof Map) return tokens.get(page) as string | undefined;
  return (tokens as Readonly<Record<string, string>>)[page];
}

/** Options that are an argument, under the core's names. */
const wireOf = (which: Which | null | undefined) =>
  JSON.parse(optionsToWire({ ...which })) as JsonObject;

/** A body, or what stands for one. */
function eventLine(event: string | Uint8Array | object): string {
  if (typeof event === 'string') return event;
  if (event instanceof Uint8Array) return Buffer.from(event).toString('utf8');
  const { raw, pageId } = reading('the event', () => event as { raw?: unknown; pageId?: string });
  const messaging = [raw];
  const body = { object: 'page', entry: [{ id: pageId, time: 0, messaging }] };
  return asJson(raw === undefined ? event : body, { path: 'event', wire: true });
}
