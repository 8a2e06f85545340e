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

  /** Whose stack is shown, if not its own. */
  #caller: Caller | undefined;

  static {
    const get = function (this: CallCtaError) {
      const stack = this.#caller?.stack;
      if (typeof stack !== 'string') return stack;
      // Behind what it has in place of a name and a text.
      const [frames = ''] = /\n[^]*/.exec(stack) ?? [];
      return `${this.name}: ${this.message}${frames}`;
    };
    const set = function (this: CallCtaError, value: unknown) {
      Object.defineProperty(this, 'stack', { value, configurable: true, writable: true });
    };
    Object.defineProperty(this.prototype, 'stack', { get, set, configurable: true });
  }

  /** @internal */
  constructor({ message, causes, ...fields }: NativeError, reason?: unknown, caller?: Caller) {
    const beneath = (cause: unknown, text: string) => new Error(text, because(cause));
    super(message, because(reason ?? causes.reduceRight(beneath, undefined)));
    Object.assign(this, fields);
    this.code = `CALLCTA_${fields.kind.toUpperCase()}` as typeof this.code;
    // They may name people, so they aren't printed.
    const { graph = {} } = fields;
    for (const text of ['message', 'userTitle', 'userMsg']) {
      if (text in graph) Object.defineProperty(graph, text, { enumerable: false });
    }
    this.#caller = caller;
    if (caller !== undefined) delete this.stack;
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

/** An error that doesn't come from where it is made, but from a call. */
export function failure(error: NativeError, reason: unknown, caller: Caller): CallCtaError {
  const { stackTraceLimit } = Error;
  // Where it is made nobody wants to know, and it costs more than all the rest.
  const limited = Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return new CallCtaError(error, reason, caller);
  } finally {
    if (limited) Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Deeper than arguments are read. */
const OWN_FRAMES = 200;

/** What is in the frames of this package, where that can be known. */
const own = typeof __dirname === 'string' ? __dirname : '<anonymous>';

/**
 * An error whose stack begins where this package was called. What is made deep inside it
 * would have no frame of the caller's among the few that there are.
 */
function outside(make: () => CallCtaError): CallCtaError {
  const { stackTraceLimit: limit } = Error;
  if (typeof limit !== 'number' || limit <= 0) return make();
  const deeper = Reflect.set(Error, 'stackTraceLimit', limit + OWN_FRAMES);
  let error;
  try {
    error = make();
  } finally {
    if (deeper) Error.stackTraceLimit = limit;
  }
  const { stack } = error;
  const frames = typeof stack === 'string' ? stack.split(/\n(?= {4}at )/) : [];
  const isOwn = (frame: string) => frame.includes(own) || frame.includes('<anonymous>');
  const first = frames.findIndex((frame, at) => at > 0 && !isOwn(frame));
  if (first > 0) {
    error.stack = [frames[0], ...frames.slice(first, first + limit)].join('\n');
  }
  return error;
}

/** The error of a wrong argument. */
export function invalidArgument(text: string, cause?: unknown): CallCtaError {
  return outside(() => new CallCtaError(native.invalidArgument(text), cause));
}

/** Calls into the native part, whose own errors are plain objects. */
export function call<T>(body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    if (types.isNativeError(thrown)) throw thrown;
    throw outside(() => new CallCtaError(thrown as NativeError));
  }
}
