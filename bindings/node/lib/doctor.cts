import native = require('./native.cjs');
import { asMoment, optionsToWire, shown, waited } from './ask.cjs';
import type { NativeCancel, NativeClient } from './binding.cjs';
import type { Caller } from './error.cjs';
import { reading } from './json.cjs';
import { asSignal } from './signal.cjs';
import type { ErrorKind } from './types.cjs';

/** What the doctor is to look at beside the Page. */
export interface DoctorOptions {
  /** The person who is to get the button, by PSID. */
  person?: string | null | undefined;
  /**
   * When this person last did something that opens the window, as the webhooks told (the API
   * doesn't): a `Date`, or Unix milliseconds as in the `time` of an event.
   */
  lastAction?: Date | number | null | undefined;
  /**
   * The address to which the app's webhooks go. It is asked the challenge, and is posted two
   * bodies without events, one signed with the client's `appSecret` and one with another.
   */
  webhook?: string | null | undefined;
  /** The verify token of the webhook's challenge. */
  verifyToken?: string | null | undefined;
  /**
   * Whether to send the person a card with a call button, if nothing was found that speaks
   * against it. Defaults to `false`: nothing is sent.
   */
  sendTest?: boolean | null | undefined;
  /** Bound for each question, its tries and waits together. Defaults to 10000. */
  timeoutMs?: number | null | undefined;
  /** Gives it up. */
  signal?: AbortSignal | null | undefined;
}

/**
 * What came of looking at something: as it should be; works, and deserves a look; keeps the
 * button from working, or its calls from being heard; can't be told; not looked at, since
 * something that it needs isn't as it should be.
 */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'unknown' | 'skipped';

/** One thing that was looked at. */
export interface Check {
  /** A name that stays, such as `audio`. */
  id: string;
  /** What it is about, in words. */
  title: string;
  status: CheckStatus;
  /** What was found, in one sentence. */
  result: string;
  /** What that rests on, if there is more to say. */
  evidence?: string;
  /** Why it matters for the button. */
  why: string;
  /** What mends it, if something is to be mended. */
  fix?: string;
  /** The id of the check for whose sake this one was skipped. */
  because?: string;
  /** The kind of the error that came while looking, if one did. */
  kind?: ErrorKind;
}

/** What the doctor found, and what that means. It shows no token, secret or PSID. */
export interface Diagnosis {
  status: Exclude<CheckStatus, 'skipped'>;
  /** The verdict, in one sentence. */
  verdict: string;
  /** What was looked at, in order. */
  checks: Check[];
  /** The first of the checks that failed: it keeps the button from working. */
  cause?: Check;
  /** A line for each check, what is to be mended below it, and the verdict at the end. */
  text: string;
}

/** Looks at everything, on a thread of its own. */
export async function examine(
  client: NativeClient,
  given: DoctorOptions | null | undefined,
  caller: Caller,
): Promise<Diagnosis> {
  const { signal, lastAction, ...others } = reading('options', () => {
    // What an object of a class has is not its own.
    const { person, lastAction, webhook, verifyToken, sendTest, timeoutMs, signal } = given ?? {};
    return { ...given, person, lastAction, webhook, verifyToken, sendTest, timeoutMs, signal };
  });
  const isNumber = typeof lastAction === 'number';
  const lastActionMs = isNumber ? lastAction : asMoment(lastAction, 'options.lastAction');
  const options = optionsToWire({ lastActionMs, ...others });
  const ask = (cancel: NativeCancel) => native.examine(client, options, cancel);
  const told = await waited(ask, asSignal(signal, 'options.signal'), caller);
  const [diagnosis, text] = told as [unknown, string];
  const { status, verdict, checks } = shown(diagnosis) as Diagnosis;
  const cause = checks.find((check) => check.status === 'fail');
  return { status, verdict, checks, ...(cause && { cause }), text };
}
