import { types } from 'node:util';
import { asJson, changed, reading } from './json.cjs';
import type { Message, Recipient, SendOptions } from './message.cjs';
import { asSignal } from './signal.cjs';

/** What a send was called with, and the same as text, but for its signal. */
export interface Asked {
  to: Recipient;
  message: Message;
  request: string;
  signal?: AbortSignal | undefined;
}

/** The outbox of a client's sends that start at once, and of those that keep its pace. */
export const PROMPT = 0;
export const PACED = 1;

/** Throws `invalid_argument` for what would get lost. */
export function asked(to: Recipient, message: Message, how: unknown, outbox = PROMPT): Asked {
  // The usual send, a thousand of which may keep the event loop waiting.
  if (how === undefined || how === null) {
    return { to, message, request: asJson({ to, message, outbox }) };
  }
  const [given, deadline] = reading('options', () => {
    const { signal, deadline } = how as SendOptions;
    return [signal, deadline];
  });
  const signal = asSignal(given, 'options.signal');
  // A date is no number in JSON. None for what is no valid one: the native part refuses
  // the option without it.
  const date = types.isDate(deadline) ? deadline : undefined;
  const deadlineMs = (date && Math.max(date.getTime(), 1)) || undefined;
  const told = { signal: undefined, deadline: date ? true : deadline };
  const options = reading('options', () => changed(how, told));
  const request = asJson({ to, message, options, deadlineMs, outbox });
  return { to, message, request, signal };
}
