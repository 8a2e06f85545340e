/// <reference lib="esnext.disposable" preserve="true" />
import { call, CallCtaError } from './error.cjs';
import type { Message, Recipient, SendOptions } from './message.cjs';
import { asJson, asRequest } from './json.cjs';
import { Sends } from './sends.cjs';
import type { Receipt, Retry } from './types.cjs';

/** When a send is tried again: only what was not sent, or was refused by a rate limit. */
export interface RetrySettings {
  /** Most requests per send, the first included. Defaults to 3. */
  attempts?: number | undefined;
  /** Upper bound of the first wait; it doubles with each try. Defaults to 500. */
  baseDelayMs?: number | undefined;
  /** Longest wait; when the platform asks for more, the send fails. Defaults to 30,000. */
  maxDelayMs?: number | undefined;
  /** Whether to try again what may have arrived. This can deliver it twice. Defaults to `false`. */
  retryUnknown?: boolean | undefined;
}

/** What `onRetry` is told before the wait. */
export type RetryEvent = Retry & { error: CallCtaError };

export interface ClientSettings {
  /** The Page that writes. */
  pageId: string;
  /** One of its Page access tokens. */
  accessToken: string;
  /** Defaults to `https://graph.facebook.com`. */
  baseUrl?: string | undefined;
  /** The Graph API version; an empty text leaves it out. Defaults to `v26.0`. */
  version?: string | undefined;
  /** Whether to post to `/me/messages`. Defaults to `false`. */
  useMe?: boolean | undefined;
  /** With it each request carries an `appsecret_proof`. None by default. */
  appSecret?: string | undefined;
  /** Where the token travels. Defaults to `header`. */
  tokenPlacement?: 'header' | 'query' | 'body' | undefined;
  /** Bound for one whole request; a retry has its own. Defaults to 30,000. */
  timeoutMs?: number | undefined;
  /** Bound for connecting, TLS included. Defaults to 10,000. */
  connectTimeoutMs?: number | undefined;
  /** Largest answer that is read, in bytes. Defaults to 1 MiB. */
  bodyLimit?: number | undefined;
  /** Most idle connections that are kept. Defaults to 64. */
  maxIdleConnections?: number | undefined;
  /** Defaults to `callcta/` and the version. */
  userAgent?: string | undefined;
  /** A proxy's URL. None by default, whatever the environment says. */
  proxy?: string | undefined;
  /** Whether the environment may name a proxy (`HTTPS_PROXY` and the like). Defaults to `false`. */
  proxyFromEnv?: boolean | undefined;
  /** Certificates in PEM form that are trusted beside the built-in ones. None by default. */
  extraCaPem?: string | undefined;
  retry?: RetrySettings | undefined;
  /** Is told of each retry before its wait. */
  onRetry?: ((event: RetryEvent) => void) | undefined;
  /** Codes that mean `calling_not_enabled`, beside the built-in one. None by default. */
  callingNotEnabledCodes?: { code: number; subcode?: number }[] | undefined;
  /** Most threads that send, for `send` and for `sendMany` each. Defaults to 64. */
  workers?: number | undefined;
  /** Most sends that wait; one more is refused. Defaults to 100,000. */
  capacity?: number | undefined;
}

/** A message for {@link Client.sendMany}. */
export interface Outgoing {
  to: Recipient;
  message: Message;
  options?: SendOptions | undefined;
}

/** What became of one item of {@link Client.sendMany}. */
export type Outcome<T extends Outgoing = Outgoing> =
  | { index: number; item: T; receipt: Receipt; error?: undefined }
  | { index: number; item: T; receipt?: undefined; error: CallCtaError };

/** Sends messages for one Page. */
export class Client {
  readonly #sends: Sends;

  /** Nothing is connected before the first send. Throws `invalid_argument`. */
  constructor(settings: ClientSettings) {
    const onRetry = settings?.onRetry;
    // The native part needs to know only whether there is one.
    const told = onRetry === undefined ? settings : { ...settings, onRetry: typeof onRetry };
    this.#sends = call(() => new Sends(asJson(told), onRetry));
  }

  /** The Page that the client sends for. */
  get pageId(): string {
    return this.#sends.client.pageId;
  }

  /**
   * Checks a message and sends it. Messages to the same recipient go out one after
   * another, in the order of the calls; others, and those of {@link sendMany}, in
   * parallel. Rejects with a {@link CallCtaError}.
   */
  send(to: Recipient, message: Message, options?: SendOptions): Promise<Receipt> {
    return this.#sends.start(() => asRequest(to, message, options), options?.signal);
  }

  /**
   * Sends what `items` yields and yields the outcomes as they come, a failed send
   * being one of them. At most `lookAhead` items, by default twice as many as can be
   * sent at once, are taken without their outcomes being asked for. Leaving the loop,
   * or aborting, cancels what waits; what is being sent may still arrive.
   *
   * At most `pace` messages per second start, 40 unless said, `null` for any number:
   * above that a Page's inbox stops showing them, and 300 calls per second are the
   * platform's limit. When it says that most of a limit is used up, fewer start. A
   * client has one pace, the latest.
   */
  async *sendMany<T extends Outgoing>(
    items: Iterable<T> | AsyncIterable<T>,
    options: { pace?: number | null; lookAhead?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<Outcome<T>, void, undefined> {
    const limit = call(() => this.#sends.client.prepare(asJson({ ...options, signal: undefined })));
    const source: Iterator<T> | AsyncIterator<T> =
      Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    const left = new AbortController();
    const signal = options.signal ? AbortSignal.any([left.signal, options.signal]) : left.signal;
    const ready: Outcome<T>[] = [];
    let end: { failed?: unknown } | undefined;
    let [taken, sending, pulling, wake] = [0, 0, false, () => {}];
    signal.addEventListener('abort', () => wake(), { once: true });

    const pull = async () => {
      pulling = true;
      try {
        const next = await source.next();
        if (next.done === true) end = {};
        else if (!signal.aborted) void send(next.value, taken++);
      } catch (failed) {
        end = { failed };
      }
      pulling = false;
      wake();
    };
    const send = async (item: T, index: number) => {
      sending += 1;
      try {
        const { to, message, options: how }: Outgoing = Object(item);
        const request = () => asRequest(to, message, how, options.pace !== null);
        const own = how?.signal;
        const either = own instanceof AbortSignal ? AbortSignal.any([own, signal]) : signal;
        const receipt = await this.#sends.start(request, either);
        ready.push({ index, item, receipt });
      } catch (error) {
        ready.push({ index, item, error: error as CallCtaError });
      }
      sending -= 1;
      wake();
    };

    try {
      for (;;) {
        const open = end === undefined && !signal.aborted;
        if (open && !pulling && sending + ready.length < limit) void pull();
        const outcome = ready.shift();
        if (outcome !== undefined) yield outcome;
        else if (sending === 0 && !open) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      if (end !== undefined && 'failed' in end) throw end.failed;
    } finally {
      left.abort();
      const returned = end ? undefined : source.return?.();
      // A source that is being waited for would answer only after that.
      if (pulling) Promise.resolve(returned).catch(() => {});
      else await returned;
    }
  }

  /** Closes every connection. What waits or is being sent is `cancelled`, as is what comes later. */
  close(): void {
    call(() => this.#sends.client.close());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Waits for what is being sent, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sends.idle();
    this.close();
  }
}
