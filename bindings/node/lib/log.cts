import { channel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';

const published = channel('callcta:send');
const printed = debuglog('callcta');

/** Whether anybody wants to know what is logged of sends. */
export function isLogging(): boolean {
  // Not every runtime has the latter.
  return published.hasSubscribers || printed.enabled === true;
}

/** Passes on the line of a send. */
export function log(line: string): void {
  printed('%s', line);
  published.publish({ line });
}
