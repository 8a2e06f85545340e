import native = require('./native.cjs');
import { call } from './error.cjs';
import { asJson, asRequest } from './json.cjs';
import type { Button, JsonObject, Message, Recipient, RequestOptions } from './message.cjs';
import type { RawMessage } from './message.cjs';
import type { Violation } from './types.cjs';

export { Client } from './client.cjs';
export type * from './client.cjs';
export { CallCtaError, errorKinds } from './error.cjs';
export type * from './message.cjs';
export type * from './types.cjs';

/** The version of callcta. */
export const version: string = native.VERSION;

/**
 * Everything that is wrong with a message, in the order of its wire form. Throws a
 * `CallCtaError` of kind `invalid_argument` for what is no message at all.
 */
export function validate(message: Message): Violation[] {
  return call(() => native.validate(asJson(message)));
}

/** Everything that is wrong with a message, its recipient and its options. */
export function validateRequest(to: Recipient, message: Message, options?: RequestOptions) {
  return call(() => native.validateRequest(asRequest(to, message, options)));
}

/** The message's wire form: the `message` object that is sent. */
export function toJSON(message: Message): JsonObject {
  return JSON.parse(call(() => native.toJson(asJson(message)))) as JsonObject;
}

/**
 * A message from its wire form, as text or as an object: a `message` object, or a
 * whole request, of which the message is taken. Nothing in it is lost. Throws
 * `invalid_message` for a text that is no JSON object.
 */
export function fromJSON(json: string | JsonObject): RawMessage {
  const text = typeof json === 'string' ? json : asJson(json);
  return { raw: JSON.parse(call(() => native.fromJson(text))) as JsonObject };
}

/** For how many days a tap on the button starts a call; `undefined` for other buttons. */
export function clickableDays(button: Button): number | undefined {
  return call(() => native.clickableDays(asJson(button))) ?? undefined;
}
