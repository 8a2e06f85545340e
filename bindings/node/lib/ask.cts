import { types } from 'node:util';
import native = require('./native.cjs');
import type { NativeCancel, NativeError } from './binding.cjs';
import { call, type Caller, failure, invalidArgument } from './error.cjs';
import { asJson } from './json.cjs';
import { parse } from './wire.cjs';

export const snakeCase = (name: string) =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const camelCase = (name: string) =>
  name.replace(/_(.)/g, (_, next: string) => next.toUpperCase());

/** The same under the names of JavaScript, without what isn't there. */
export function shown(told: unknown): unknown {
  if (Array.isArray(told)) return told.map(shown);
  if (typeof told !== 'object' || told === null) return told;
  const fields = Object.entries(told).filter(([, value]) => value !== null);
  return Object.fromEntries(
    fields.map(([name, value]) => [camelCase(name), name === 'raw' ? value : shown(value)]),
  );
}

/** Options under the core's names. */
export function optionsToWire(options: Record<string, unknown>): string {
  const named = Object.entries(options).map(([name, value]) => [snakeCase(name), value]);
  return asJson(Object.fromEntries(named), { path: 'options', wire: false });
}

/** Unix milliseconds of a date, if there is one; the core takes those after 1970. */
export function asMoment(given: unknown, path: string): number | undefined {
  if (given === undefined || given === null) return undefined;
  if (!types.isDate(given) || !Number.isFinite(given.getTime())) {
    throw invalidArgument(`${path} must be a valid Date`);
  }
  return Math.max(given.getTime(), 1);
}

/** What the native part is told by and by, unless the signal gives it up. */
export async function waited(
  ask: (cancel: NativeCancel) => Promise<string | NativeError>,
  signal: AbortSignal | undefined,
  caller: Caller,
): Promise<unknown> {
  if (signal?.aborted) throw failure(native.notBegun(), signal.reason, caller);
  const cancel = new native.NativeCancel();
  const abort = () => cancel.cancel();
  signal?.addEventListener('abort', abort);
  try {
    const told = await call(() => ask(cancel));
    if (typeof told === 'string') return parse(told);
    const aborted = told.reason === 'aborted' && signal?.aborted;
    throw failure(told, aborted ? signal.reason : undefined, caller);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
