import native = require('./native.cjs');
import type { NativeError } from './binding.cjs';
import type { ErrorKind } from './types.cjs';

/** Every kind of error. */
export const errorKinds: readonly ErrorKind[] = Object.freeze(native.errorKinds());

export interface CallCtaError extends Readonly<Omit<NativeError, 'message' | 'causes'>> {}

/**
 * A send, or its preparation, that failed. `kind` says what went wrong, `delivery`
 * whether the message may have arrived, `mayRetry` whether the same message can be
 * sent again without the risk of sending it twice.
 */
export class CallCtaError extends Error {
  /** `CALLCTA_` and the kind in upper case. */
  readonly code: `CALLCTA_${Uppercase<ErrorKind>}`;

  /** @internal */
  constructor({ message, causes, ...fields }: NativeError, reason?: unknown) {
    const cause = causes.reduceRight((cause, text) => new Error(text, because(cause)), reason);
    super(message, because(cause));
    Object.assign(this, fields);
    this.code = `CALLCTA_${fields.kind.toUpperCase()}` as typeof this.code;
    // They may name people, so they aren't printed.
    const { graph = {} } = fields;
    for (const text of ['message', 'userTitle', 'userMsg']) {
      if (text in graph) Object.defineProperty(graph, text, { enumerable: false });
    }
  }

  toJSON(): object {
    return Object.assign({ name: this.name, message: this.message }, this);
  }
}

Object.defineProperty(CallCtaError.prototype, 'name', { value: 'CallCtaError', writable: true });

const because = (cause: unknown) => (cause === undefined ? {} : { cause });

/** Calls into the native part, whose own errors are plain objects. */
export function call<T>(body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new CallCtaError(thrown as NativeError);
  }
}
