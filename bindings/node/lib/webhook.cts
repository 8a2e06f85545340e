import { types } from 'node:util';
import native = require('./native.cjs');
import type { NativeCause, NativeRefusal } from './binding.cjs';
import { call, invalidArgument } from './error.cjs';
import type { Webhook, WebhookEvent } from './events.cjs';
import { reading } from './json.cjs';
import type { RefusalKind } from './types.cjs';
import { parse } from './wire.cjs';

export type * from './events.cjs';
export type { RefusalKind } from './types.cjs';

/** Every kind of `WebhookError`. */
export const refusalKinds: readonly RefusalKind[] = Object.freeze(native.refusalKinds());

/** Longest body that is hashed and read, in bytes. callcta's own bound. */
export const BODY_MAX: number = native.BODY_MAX;

/** A request's body as it came in; a string stands for its UTF-8. */
export type Body = Uint8Array | ArrayBuffer | string;

/** The value of `X-Hub-Signature-256`. Of several values none is taken. */
export type Header = string | readonly string[] | null | undefined;

/** What most likely happened to a webhook whose signature doesn't fit. */
export interface Cause extends NativeCause {}

export interface WebhookError extends Readonly<Omit<NativeRefusal, 'message'>> {}

/**
 * A webhook, or a challenge, that can't be accepted: `kind` says which check failed,
 * `httpStatus` with what to answer. It quotes nothing of the request and nothing of a secret.
 */
export class WebhookError extends Error {
  /** `CALLCTA_` and the kind in upper case. */
  readonly code: `CALLCTA_${Uppercase<RefusalKind>}`;

  /** @internal */
  constructor({ message, ...fields }: NativeRefusal) {
    super(message);
    Object.assign(this, fields);
    this.code = `CALLCTA_${fields.kind.toUpperCase()}` as typeof this.code;
  }

  toJSON(): object {
    return Object.assign({ name: this.name, message: this.message }, this);
  }
}

Object.defineProperty(WebhookError.prototype, 'name', { value: 'WebhookError', writable: true });

/** Returns what came of a call, or throws why it was refused. */
function accepted<T extends string | number | Uint8Array>(body: () => T | NativeRefusal): T {
  const told = call(body);
  if (typeof told === 'object' && 'httpStatus' in told) throw new WebhookError(told);
  return told;
}

const CURE =
  "what was parsed can't be verified. Take express.raw({ type: '*/*' }) or the verify option of " +
  "express.json in Express, a content type parser with parseAs: 'buffer' in Fastify, await " +
  'request.arrayBuffer() in Next and wherever there is a Request';

/** The bytes that came in. */
function bytes(body: Body): Uint8Array {
  if (typeof body === 'string') return Buffer.from(body);
  if (types.isAnyArrayBuffer(body)) body = new Uint8Array(body);
  if (types.isUint8Array(body)) {
    // Nobody else may write into it meanwhile.
    return types.isSharedArrayBuffer(body.buffer) ? Uint8Array.from(body) : body;
  }
  if (types.isPromise(body)) throw invalidArgument('body must be bytes, not a promise: await it');
  const what = body === null || body === undefined ? String(body) : `a parsed ${typeof body}`;
  throw invalidArgument(`body must be the bytes that came in, not ${what}: ${CURE}`);
}

/** The header as one text: several with commas between them, which is no signature. */
function joined(header: Header): string | undefined {
  if (header === null || header === undefined || typeof header === 'string') {
    return header ?? undefined;
  }
  if (Array.isArray(header) && header.every((value) => typeof value === 'string')) {
    return header.length === 0 ? undefined : header.join(', ');
  }
  throw invalidArgument('header must be the value of X-Hub-Signature-256, a string or undefined');
}

function texts(secrets: string | Iterable<string>): string[] {
  const list = typeof secrets === 'string' ? [secrets] : reading('secrets', () => [...secrets]);
  if (list.every((secret) => typeof secret === 'string')) return list;
  throw invalidArgument('secrets must be an app secret, a string, or several of them');
}

/** One app secret, several, or a `Secrets`, which is quicker. */
export type SecretsLike = Secrets | string | Iterable<string>;

/** What checks signatures. */
let of: (secrets: SecretsLike) => InstanceType<typeof native.NativeSecrets>;

/**
 * The app secrets that may have signed a webhook: usually one, more while a secret is replaced,
 * or when several apps share an address. It prints none of them.
 */
export class Secrets {
  readonly #native: InstanceType<typeof native.NativeSecrets>;

  static {
    of = (secrets) => (secrets instanceof Secrets ? secrets : new Secrets(secrets)).#native;
  }

  /**
   * With `acceptSha1` the old header `X-Hub-Signature` (`sha1=` and 40 digits) is taken as well.
   * Throws a `CallCtaError` of kind `invalid_argument` if there is no secret or an empty one:
   * nothing would be verified.
   */
  constructor(secrets: string | Iterable<string>, options: { acceptSha1?: boolean } = {}) {
    const list = texts(secrets);
    this.#native = call(() => new native.NativeSecrets(list, options.acceptSha1 === true));
  }

  /** Checks the signature, as `verifyAndParse` does; the number of the secret that made it. */
  verify(body: Body, header: Header): number {
    const [read, value] = [bytes(body), joined(header)];
    return accepted(() => this.#native.verify(read, value));
  }

  /** The header that Meta would send with this body, by the first secret: for tests. */
  sign(body: Body): string {
    const read = bytes(body);
    return call(() => this.#native.sign(read));
  }
}

/**
 * Verifies a webhook's signature over the bytes that came in, and reads its events: all of
 * them, of every entry. Throws a `WebhookError`: answer with its `httpStatus`, and do nothing
 * else.
 */
export function verifyAndParse(body: Body, header: Header, secrets: SecretsLike): Webhook {
  const [read, value, keys] = [bytes(body), joined(header), of(secrets)];
  return webhook(accepted(() => keys.verifyAndParse(read, value)));
}

/**
 * Reads a webhook's events **without verifying** who sent it. Only for bodies that were verified
 * before; everybody can post to a webhook's address.
 */
export function parseUnverified(body: Body): Webhook {
  const read = bytes(body);
  return webhook(accepted(() => native.parseUnverified(read)));
}

/** What the core reads. */
interface Found {
  object: string | null;
  secret: number | null;
  events: Record<string, unknown>[];
  orders: [number, number, number][];
}

function webhook(json: string): Webhook {
  const { object, secret, events, orders } = parse(json) as unknown as Found;
  const found: Webhook = { events: events.map((event, at) => shown(event, orders[at]!)) };
  if (object !== null) found.object = object;
  if (secret !== null) found.secret = secret;
  return found;
}

/** What holds fields that are named here too. Everything else is as it came. */
const NAMED = new Set(['offer', 'end', 'attachments', 'referral']);

const camelCase = (name: string) => name.replace(/_(.)/g, (_, next: string) => next.toUpperCase());
const names = new Map<string, string>();

/** The same under the names of JavaScript, without what isn't there. */
function renamed(value: Record<string, unknown>): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const name in value) {
    const field = value[name];
    if (field === null && name !== 'raw') continue;
    let own = names.get(name);
    if (own === undefined) names.set(name, (own = camelCase(name)));
    shown[own] = NAMED.has(name) ? inside(field as Record<string, unknown>) : field;
  }
  return shown;
}

function inside(value: Record<string, unknown> | Record<string, unknown>[]): unknown {
  return Array.isArray(value) ? value.map(renamed) : renamed(value);
}

function shown(event: Record<string, unknown>, order: [number, number, number]): WebhookEvent {
  return { ...renamed(event), order } as unknown as WebhookEvent;
}

/** A parameter of a query. One that is there twice, or isn't a text, is none. */
function parameter(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function needed(verifyToken: string): string {
  if (typeof verifyToken === 'string') return verifyToken;
  throw invalidArgument('verifyToken must be a string');
}

/**
 * Reads a challenge, the GET by which Meta checks an address, from its query (what follows the
 * `?`). Returns the text to answer with: exactly it, as `text/plain`, with status 200. Throws a
 * `WebhookError` of kind `no_challenge`, as for any other GET, or `wrong_verify_token`.
 */
export function answerChallenge(query: string | URLSearchParams, verifyToken: string): string {
  const text = query instanceof URLSearchParams ? String(query) : query;
  const token = needed(verifyToken);
  if (typeof text === 'string') return accepted(() => native.answerChallenge(text, token));
  throw invalidArgument('query must be a string as it came; pass what was parsed to challenge()');
}

/**
 * As `answerChallenge`, from the values of `hub.mode`, `hub.verify_token` and `hub.challenge`,
 * where a framework has taken the query apart. A value that isn't a string, such as the list of
 * one that is there twice, counts as missing.
 */
export function challenge(
  mode: unknown,
  token: unknown,
  challenge: unknown,
  verifyToken: string,
): string {
  const given = [parameter(mode), parameter(token), parameter(challenge)] as const;
  const expected = needed(verifyToken);
  return accepted(() => native.challenge(...given, expected));
}

/**
 * The bytes of a body that comes as a text, as AWS Lambda's events have it: their `body` and
 * `isBase64Encoded`.
 */
export function decodeBody(body: string, isBase64: boolean): Uint8Array {
  if (typeof body !== 'string') throw invalidArgument('body must be a string');
  return accepted(() => native.decodeBody(body, isBase64));
}

/**
 * The events in the order in which they happened, as far as the platform tells, in a new array:
 * by `order`, and as they came where that is the same. When they came decides nothing: the end of
 * a call may come before its beginning.
 */
export function sort(events: Iterable<WebhookEvent>): WebhookEvent[] {
  return [...events].sort(({ order: one }, { order: other }) => {
    const at = one.findIndex((value, at) => value !== other[at]);
    return at < 0 ? 0 : one[at]! - other[at]!;
  });
}

/**
 * Finds out why a webhook's signature doesn't fit: a help for people, not for a receiver.
 * `secrets` are the one that should fit, then any others that might.
 */
export function likelyCause(body: Body, header: Header, secrets: SecretsLike): Cause {
  const [read, value, keys] = [bytes(body), joined(header), of(secrets)];
  return call(() => keys.likelyCause(read, value));
}

/**
 * Remembers the last `capacity` events, as the platform sends again what wasn't answered in time.
 * It knows this thread only: where several receive, put `identity` into a database under a unique
 * key. Each event takes some 200 bytes.
 */
export class Deduplicator {
  readonly #native: InstanceType<typeof native.NativeDeduplicator>;

  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity >= 2 ** 32) {
      throw invalidArgument('capacity must be a whole number above 0');
    }
    this.#native = new native.NativeDeduplicator(capacity);
  }

  /** Whether this event, or one of this identity, is new; from now on it isn't. */
  isNew(event: WebhookEvent | string): boolean {
    return this.#native.isNew(identity(event));
  }

  /**
   * Forgets an event, so that it counts as new again: when what was begun because of it failed,
   * and shall be done when it is sent again.
   */
  forget(event: WebhookEvent | string): void {
    this.#native.forget(identity(event));
  }
}

function identity(event: WebhookEvent | string): string {
  const found = typeof event === 'string' ? event : event?.identity;
  if (typeof found === 'string') return found;
  throw invalidArgument('event must be an event or its identity');
}
