import native = require('./native.cjs');
import { call } from './error.cjs';
import { asJson } from './json.cjs';
import { asked } from './request.cjs';
import type { Button, Message, Recipient, RequestOptions } from './message.cjs';
import type { Violation } from './types.cjs';

export { Client } from './client.cjs';
export type * from './doctor.cjs';
export type * from './many.cjs';
export { CallCtaError, errorKinds } from './error.cjs';
export type * from './message.cjs';
export { Outbox, Outboxes } from './outboxes.cjs';
export type { ManyOptions, OutboxesSettings, OutboxSettings, PageOutgoing } from './outboxes.cjs';
export type * from './settings.cjs';
export type * from './types.cjs';
export { fromWire, toWire } from './wire.cjs';

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
  return call(() => native.validateRequest(asked(to, message, options).request));
}

/** For how many days a tap on the button starts a call; `undefined` for other buttons. */
export function clickableDays(button: Button): number | undefined {
  return call(() => native.clickableDays(asJson(button))) ?? undefined;
}
