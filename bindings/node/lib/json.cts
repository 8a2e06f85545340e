import { types } from 'node:util';
import native = require('./native.cjs');
import { CallCtaError } from './error.cjs';
import type { JsonObject, SendOptions } from './message.cjs';

/**
 * What the native part reads: one text is cheaper than many small values, and what
 * becomes of the objects later changes nothing. Throws `invalid_argument` for what
 * would get lost.
 */
export function asJson(value: unknown): string {
  let text = 'null';
  try {
    text = JSON.stringify(value) ?? text;
    // A replacer would see the same and cost more than all the rest.
    if (!isWhole(value)) throw new TypeError();
  } catch (thrown) {
    const path = lost(value, []);
    if (path === undefined) throw thrown;
    const what = `${path.replace(/^\./, '')} must be made of what JSON can hold`;
    throw new CallCtaError(native.invalidArgument(what.trimStart()));
  }
  if (!text.includes('\\ud')) return text;
  // Lone surrogates, which no text on the wire can have.
  return text.replace(/\\(\\|ud...)/g, (escape) => (escape === '\\\\' ? escape : '\ufffd'));
}

/** The arguments of a send, but for its signal. */
export function asRequest(to: unknown, message: unknown, how?: SendOptions, paced = false) {
  // The usual send, a thousand of which may keep the event loop waiting.
  if (how === undefined) return asJson({ to, message, paced });
  // None for what is no valid date; the native part refuses the option without it.
  const deadlineMs = types.isDate(how?.deadline) && Math.max(how.deadline.getTime(), 1);
  // What is no signal is refused there as well.
  const signal = how?.signal instanceof AbortSignal ? undefined : how?.signal;
  const options = Object(how) === how ? { ...how, signal } : how;
  return asJson({ to, message, options, deadlineMs: deadlineMs || undefined, paced });
}

function isWhole(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isJson(value);
  if (Array.isArray(value)) return value.every(isWhole);
  // `Object.keys` takes several times as long before V8 has compiled it, which is when a
  // thousand sends may keep the event loop waiting.
  for (const key in value) {
    if (!isWhole((value as JsonObject)[key]) && Object.hasOwn(value, key)) return false;
  }
  return true;
}

function isJson(value: unknown): boolean {
  const type = typeof value;
  if (type === 'number') return Number.isFinite(value);
  return type !== 'function' && type !== 'symbol' && type !== 'bigint';
}

/** Where a value has what JSON can't hold, such as itself. */
function lost(value: unknown, around: unknown[]): string | undefined {
  if (!isJson(value) || around.includes(value)) return '';
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, field] of Object.entries(value)) {
    const path = lost(field, [...around, value]);
    if (path !== undefined) return (Array.isArray(value) ? `[${key}]` : `.${key}`) + path;
  }
  return undefined;
}
