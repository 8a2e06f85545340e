import { types } from 'node:util';
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
  constructor({ message, causes, ...fields }: NativeError, reason?: unknown, caller?: Caller) {
    const beneath = (cause: unknown, text: string) => new Error(text, because(cause));
    super(message, because(reason ?? causes.reduceRight(beneath, undefined)));
    if (caller !== undefined) showCaller(this, caller);
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

/** What `Error.captureStackTrace` was called for. */
export interface Caller {
  stack?: unknown;
}

/** Who called, which an error that comes from elsewhere doesn't show by itself. */
export function calledBy(callee: Function): Caller {
  const caller: Caller = {};
  Error.captureStackTrace(caller, callee);
  return caller;
}

/** Makes the caller's stack that of the error, as soon as somebody looks. */
function showCaller(error: CallCtaError, caller: Caller): void {
  const define = (descriptor: PropertyDescriptor) =>
    Object.defineProperty(error, 'stack', { configurable: true, ...descriptor });
  const get = () => {
    const { stack } = caller;
    if (typeof stack !== 'string') return stack;
    const [frames = ''] = /\n[^]*/.exec(stack) ?? [];
    return `${error.name}: ${error.message}${frames}`;
  };
  define({ get, set: (value) => define({ value, writable: true }) });
}

/** The error of a wrong argument. */
export function invalidArgument(text: string, cause?: unknown): CallCtaError {
  return new CallCtaError(native.invalidArgument(text), cause);
}

/** Calls into the native part, whose own errors are plain objects. */
export function call<T>(body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    throw types.isNativeError(thrown) ? thrown : new CallCtaError(thrown as NativeError);
  }
}
