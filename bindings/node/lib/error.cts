import native = require('./native.cjs');
import type { ErrorKind, GraphError, NativeError, Usage, Violation } from './binding.cjs';

/** Every kind of error. */
export const errorKinds: readonly ErrorKind[] = Object.freeze(native.names().errorKinds);

/** What is known about a message whose send failed: `unknown` means that it may have arrived. */
export type Delivery = NativeError['delivery'];

/**
 * A send, or its preparation, that failed. `kind` says what went wrong, `delivery`
 * whether the message may have arrived, `mayRetry` whether the same message can be
 * sent again without the risk of sending it twice.
 */
export class CallCtaError extends Error {
  /** `CALLCTA_` and the kind in upper case. */
  readonly code: `CALLCTA_${Uppercase<ErrorKind>}`;
  readonly kind: ErrorKind;
  readonly delivery: Delivery;
  /** The broken rules of an `invalid_message`, warnings included. */
  readonly violations: readonly Violation[];
  /** The Graph API's error, if the platform answered with one. */
  readonly graph?: GraphError;
  /** If an answer came. */
  readonly httpStatus?: number;
  /** How long the platform asks to wait before the next try. */
  readonly retryAfterMs?: number;
  readonly mayRetry: boolean;
  /** How many requests were made, retries included. */
  readonly attempts: number;
  /** If the answer carried figures. */
  readonly usage?: Usage;
  /** What a person can do about it. */
  readonly advice: string;

  /** @internal */
  constructor(info: NativeError, cause?: unknown) {
    super(info.message);
    this.kind = info.kind;
    this.code = `CALLCTA_${info.kind.toUpperCase()}` as typeof this.code;
    this.delivery = info.delivery;
    this.violations = info.violations;
    this.mayRetry = info.mayRetry;
    this.attempts = info.attempts;
    this.advice = info.advice;
    if (info.httpStatus !== undefined) this.httpStatus = info.httpStatus;
    if (info.retryAfterMs !== undefined) this.retryAfterMs = info.retryAfterMs;
    if (info.usage !== undefined) this.usage = info.usage;
    if (info.graph !== undefined) {
      for (const text of ['message', 'userTitle', 'userMsg']) {
        if (text in info.graph) Object.defineProperty(info.graph, text, { enumerable: false });
      }
      this.graph = info.graph;
    }
    for (const text of info.causes.reverse()) {
      cause = new Error(text, cause === undefined ? undefined : { cause });
    }
    if (cause !== undefined) {
      Object.defineProperty(this, 'cause', { value: cause, configurable: true, writable: true });
    }
  }

  toJSON(): object {
    return Object.assign({ name: this.name, message: this.message }, this);
  }
}

Object.defineProperty(CallCtaError.prototype, 'name', {
  value: 'CallCtaError',
  configurable: true,
  writable: true,
});

/** Calls into the native part, whose own errors are plain objects. */
export function call<T>(body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    throw thrown instanceof Error || !isInfo(thrown) ? thrown : new CallCtaError(thrown);
  }
}

function isInfo(thrown: unknown): thrown is NativeError {
  return typeof thrown === 'object' && thrown !== null && 'kind' in thrown && 'causes' in thrown;
}

/** @internal */
export function notBegun(reason: unknown): CallCtaError {
  return new CallCtaError(native.notBegun(), reason);
}
