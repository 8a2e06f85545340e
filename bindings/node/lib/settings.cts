import type { Client } from './client.cjs';
import type { CallCtaError } from './error.cjs';
import type { Message, Recipient } from './message.cjs';
import type { Retry } from './types.cjs';

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
export type RetryEvent = Retry & {
  /** Who the message is for, and the message, as they were given. */
  to: Recipient;
  message: Message;
  /** Why there will be another try. */
  error: CallCtaError;
};

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
  /** Headers of each request, such as those of tracing. None by default. */
  headers?: Readonly<Record<string, string>> | null | undefined;
  /** A proxy's URL. None by default, whatever the environment says. */
  proxy?: string | null | undefined;
  /** Whether the environment may name a proxy (`HTTPS_PROXY` and the like). Defaults to `false`. */
  proxyFromEnv?: boolean | null | undefined;
  /** Certificates in PEM form that are trusted beside the built-in ones. None by default. */
  extraCaPem?: string | null | undefined;
  retry?: RetrySettings | null | undefined;
  /** Is told of each retry before its wait, in the send's own asynchronous context. */
  onRetry?: ((event: RetryEvent) => void) | null | undefined;
  /** Codes that mean `calling_not_enabled`, beside the built-in one. None by default. */
  callingNotEnabledCodes?:
    { code: number; subcode?: number | null | undefined }[] | null | undefined;
  /**
   * A client whose connections this one uses too, closed with the last of them: for many Pages in
   * one process. What concerns connections is as it is there.
   */
  shareConnections?: Client | null | undefined;
  /** Most threads that send, for `send` and for `sendMany` each. Defaults to 64. */
  workers?: number | null | undefined;
  /** Most sends that wait; one more is refused. Defaults to 100,000. */
  capacity?: number | null | undefined;
}
