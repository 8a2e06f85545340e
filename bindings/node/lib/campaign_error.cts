import type { NativeCampaignError, NativeError } from './binding.cjs';
import { call, type Caller, failure } from './error.cjs';
import type { JsonObject } from './message.cjs';
import { parse } from './wire.cjs';

/** What keeps a campaign from being planned or run. */
export type CampaignErrorKind =
  /** The recipients can't be read: encoding, header, or no rows at all. */
  | 'input'
  /** The message can't be used as a template. */
  | 'template'
  /** The journal can't be read or written: a full disk, a missing folder, one that is there. */
  | 'journal'
  /** Another process, or another run of this one, has the journal. */
  | 'in_use'
  /** The journal was copied, moved or restored since it was last used. */
  | 'moved'
  /** Recipients or message differ from what was planned. */
  | 'changed'
  /** The rows can't be written out. */
  | 'output';

/**
 * A campaign's own error. Its text is one line that quotes no PSID and no text. What is wrong
 * with an argument is a `CallCtaError` of kind `invalid_argument`.
 */
export class CampaignError extends Error {
  readonly kind: CampaignErrorKind;
  /** `CALLCTA_` and the kind in upper case. */
  readonly code: `CALLCTA_${Uppercase<CampaignErrorKind>}`;

  /** @internal */
  constructor({ campaignKind, message }: NativeCampaignError) {
    super(message);
    this.kind = campaignKind as CampaignErrorKind;
    this.code = `CALLCTA_${campaignKind.toUpperCase()}` as typeof this.code;
  }

  toJSON(): object {
    return Object.assign({ name: this.name, message: this.message }, this);
  }
}

Object.defineProperty(CampaignError.prototype, 'name', { value: 'CampaignError', writable: true });

/** What the native part is told. */
export async function told(
  ask: () => Promise<string | NativeError | NativeCampaignError>,
  caller: Caller,
): Promise<unknown> {
  const answer = await call(ask);
  if (typeof answer === 'string') return parse(answer) as JsonObject;
  if ('campaignKind' in answer) throw new CampaignError(answer);
  throw failure(answer, undefined, caller);
}
