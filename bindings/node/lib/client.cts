/// <reference lib="esnext.disposable" preserve="true" />
import { call, calledBy, type CallCtaError } from './error.cjs';
import { asJson, changed, reading } from './json.cjs';
import { outcomes, type SendManyOptions, type Outcome, type Outgoing } from './many.cjs';
import type { Message, Recipient, SendOptions } from './message.cjs';
import { asked } from './request.cjs';
import { Sends } from './sends.cjs';
import type { Items } from './source.cjs';
import type { Receipt, Retry } from './types.cjs';

/** When a send is tried again: only what was not sent, or was refused by a rate limit. */
export interface RetrySettings {
  /** Most requests per send, the first included. Defaults to 3. */
  attempts?: number | null | undefined;
  /** Upper bound of the first wait; it doubles with each try. Defaults to 500. */
  baseDelayMs?: number | null | undefined;
  /** Longest wait; when the platform asks for more, the send fails. Defaults to 30,000. */
  maxDelayMs?: number | null | undefined;
  /** Whether to try again what may have arrived. This can deliver it twice. Defaults to `false`. */
  retryUnknown?: boolean | null | undefined;
}

/** What `onRetry` is told before the wait. */
export type RetryEvent = Retry & { error: CallCtaError };

export interface ClientSettings {
  /** The Page that writes. */
  pageId: string;
  /** One of its Page access tokens. */
  accessToken: string;
  /** Defaults to `https://graph.facebook.com`. */
  baseUrl?: string | null | undefined;
  /** The Graph API version; an empty text leaves it out. Defaults to `v26.0`. */
  version?: string | null | undefined;
  /** Whether to post to `/me/messages`. Defaults to `false`. */
  useMe?: boolean | null | undefined;
  /** With it each request carries an `appsecret_proof`. None by default. */
  appSecret?: string | null | undefined;
  /** Where the token travels. Defaults to `header`. */
  tokenPlacement?: 'header' | 'query' | 'body' | null | undefined;
  /** Bound for one whole request; a retry has its own. Defaults to 30,000. */
  timeoutMs?: number | null | undefined;
  /** Bound for connecting, TLS included. Defaults to 10,000. */
  connectTimeoutMs?: number | null | undefined;
  /** Largest answer that is read, in bytes. Defaults to 1 MiB. */
  bodyLimit?: number | null | undefined;
  /** Most idle connections that are kept. Defaults to 64. */
  maxIdleConnections?: number | null | undefined;
  /** Defaults to `callcta/` and the version. */
  userAgent?: string | null | undefined;
  /** A proxy's URL. None by default, whatever the environment says. */
  proxy?: string | null | undefined;
  /** Whether the environment may name a proxy (`HTTPS_PROXY` and the like). Defaults to `false`. */
  proxyFromEnv?: boolean | null | undefined;
  /** Certificates in PEM form that are trusted beside the built-in ones. None by default. */
  extraCaPem?: string | null | undefined;
  retry?: RetrySettings | null | undefined;
  /** Is told of each retry before its wait. */
  onRetry?: ((event: RetryEvent) => void) | null | undefined;
  /** Codes that mean `calling_not_enabled`, beside the built-in one. None by default. */
  callingNotEnabledCodes?:
    { code: number; subcode?: number | null | undefined }[] | null | undefined;
  /** Most threads that send, for `send` and for `sendMany` each. Defaults to 64. */
  workers?: number | null | undefined;
  /** Most sends that wait; one more is refused. Defaults to 100,000. */
  capacity?: number | null | undefined;
}

/** Sends messages for one Page. */
export class Client {
  readonly #sends: Sends;

  /** Nothing is connected before the first send. Throws `invalid_argument`. */
  constructor(settings: ClientSettings) {
    const given = reading('settings', () => settings?.onRetry ?? undefined);
    // The native part needs to know only whether there is one.
    const told = changed(settings, { onRetry: given === undefined ? given : typeof given });
    this.#sends = call(() => new Sends(asJson(told), given));
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
  send(to: Recipient, message: Message, options?: SendOptions | null): Promise<Receipt> {
    return this.#sends.start(() => asked(to, message, options), { caller: calledBy(this.send) });
  }

  /**
   * Sends what `items` yields and yields the outcomes as they come, a failed send
   * being one of them. At most `lookAhead` items are taken without their outcomes being
   * asked for. Leaving the loop, or aborting, cancels what waits and breaks off what is
   * being sent, which may still arrive. When `items` fails, so does the loop, after the
   * outcomes of what was taken.
   *
   * At most `pace` messages per second start: above 40 a Page's inbox stops showing
   * them, and 300 calls per second are the platform's limit. When it says that most of a
   * limit is used up, fewer start. A client has one pace, the latest.
   */
  sendMany<T extends Outgoing>(
    items: Items<T>,
    options?: SendManyOptions | null,
  ): AsyncGenerator<Outcome<T>, void, undefined> {
    return outcomes(this.#sends, items, options, calledBy(this.sendMany));
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
