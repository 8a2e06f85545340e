import { TextDecoder, types } from 'node:util';
import native = require('./native.cjs');
import { call, invalidArgument } from './error.cjs';
import { asJson, isRounded } from './json.cjs';
import type { JsonObject, Message, RawMessage, WireObject } from './message.cjs';

/**
 * The message's wire form: the `message` object that is sent. Whole numbers that
 * JavaScript's numbers are too coarse for are bigints in it.
 */
export function toWire(message: Message): JsonObject {
  return parse(call(() => native.toWire(asJson(message))));
}

/**
 * A message from its wire form, as text (a string, or bytes in UTF-8) or as an object: a
 * `message` object, or a whole request, of which the message is taken. Nothing in it is
 * lost. Throws `invalid_message` for a text that is no JSON object.
 */
export function fromWire(json: string | Uint8Array | WireObject): RawMessage {
  return { raw: parse(call(() => native.fromWire(textOf(json)))) };
}

function textOf(json: string | Uint8Array | WireObject): string {
  let text = json;
  if (types.isUint8Array(text)) {
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(text);
    } catch (thrown) {
      throw invalidArgument('json must be in UTF-8', thrown);
    }
  }
  if (typeof text !== 'string') return asJson(text, { path: 'json', wire: true });
  if (text.isWellFormed()) return text;
  throw invalidArgument('json must be without halves of surrogate pairs');
}

/** What stands before the digits of a bigint, and once more before itself. */
const MARK = '\u0001';
/** The same as JSON. */
const ESCAPED = '\\u0001';

/** Reads what the native part wrote. */
export function parse(json: string): JsonObject {
  // Numbers come after one of these, ids in texts don't.
  if (!/[[:,]-?(?:\d{16}|\d+(?:\.\d+)?[eE])/.test(json)) return JSON.parse(json) as JsonObject;
  const tokens = /("(?:[^"\\]|\\.)*")(:?)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  const marked = json.replace(tokens, (token, text: string | undefined, colon) => {
    if (text !== undefined) {
      // Names are not read again.
      return colon || !text.startsWith(ESCAPED, 1) ? token : `"${ESCAPED}${text.slice(1)}`;
    }
    const number = Number(token);
    const isDigits = /^-?\d+$/.test(token);
    if (isDigits ? Number.isSafeInteger(number) : !isRounded(number)) return token;
    return `"${ESCAPED}${isDigits ? token : BigInt(number)}"`;
  });
  const unmark = (_: string, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(MARK)) return value;
    return value.startsWith(MARK, 1) ? value.slice(1) : BigInt(value.slice(1));
  };
  return JSON.parse(marked, unmark) as JsonObject;
}
