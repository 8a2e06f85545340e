import native = require('./native.cjs');
import { asMoment, camelCase, optionsToWire, shown, snakeCase, waited } from './ask.cjs';
import type { NativeCancel, NativeClient } from './binding.cjs';
import { call, calledBy, type Caller, invalidArgument } from './error.cjs';
import { asJson, reading } from './json.cjs';
import type { JsonObject, WireObject } from './message.cjs';
import { asSignal } from './signal.cjs';
import type { Receipt, Violation } from './types.cjs';
import { parse } from './wire.cjs';

/** How a request is made that carries no message. */
export interface RequestOptions {
  /** Gives the request up. */
  signal?: AbortSignal | null | undefined;
  /** The moment after which it must not be made any more. */
  deadline?: Date | null | undefined;
  /** Bound for each try and its answer, if it is shorter than the client's own. */
  timeoutMs?: number | null | undefined;
  /** Further headers, such as those of tracing; they win over the client's. */
  headers?: Readonly<Record<string, string>> | null | undefined;
  /** Whether to make it without checking first. Defaults to `false`. */
  unchecked?: boolean | null | undefined;
}

/** The hours of one day. */
export interface OpenHours {
  /** `MONDAY` to `SUNDAY`. */
  dayOfWeek?: string;
  /** From when on people can call, as `hhmm`. */
  openTime?: string;
  /** Until when people can call, as `hhmm`. */
  closeTime?: string;
  /** Fields that callcta doesn't know, in wire form. */
  fields?: WireObject;
}

/** When people can call. Setting them replaces all hours; a day that is missing is closed. */
export interface CallHours {
  /** The IANA name of a time zone, such as `Africa/Lagos`. */
  timezoneId?: string;
  weeklyOperatingHours?: readonly OpenHours[];
  /** Fields that callcta doesn't know, in wire form. */
  fields?: WireObject;
}

/** Call settings of a Page. What isn't there is not told, or left as it is. */
export interface CallSettings {
  /** Whether people can call at all: the switch behind the call button. */
  audioEnabled?: boolean;
  videoEnabled?: boolean;
  /** Whether the call icon is shown in the conversation. */
  iconEnabled?: boolean;
  /**
   * Who is rung when a person calls: Meta's own inbox, or the app by its webhook. The wire
   * form where there is more to it than a `ring_target`.
   */
  callRouting?: 'META' | 'PARTNERS' | (string & {}) | WireObject;
  callHours?: CallHours;
  /** Fields that callcta doesn't know, in wire form. */
  fields?: WireObject;
}

/** What the Page may do about calling one person. */
export interface CallPermissions {
  /** `has_permission`, `no_permission`, or another, in lower case. */
  status?: string;
  /** Until when the permission holds, in Unix milliseconds. */
  expiration?: number;
  /** What may be done now: `send_call_permission_request`, `start_call`. */
  actions: CallAction[];
}

export interface CallAction {
  name: string;
  canPerform?: boolean;
  limits: CallLimit[];
}

export interface CallLimit {
  /** An ISO 8601 duration, such as `PT24H`. */
  timePeriod?: string;
  maxAllowed?: number;
  currentUsage?: number;
}

/** Whether the Page may use a feature of the platform. */
export interface FeatureStatus {
  feature: string;
  /** `enabled`, or another, in lower case. */
  status: string;
}

/** An app that is told what happens on the Page. */
export interface Subscription {
  appId?: string;
  name?: string;
  /** The webhook fields that it is told of, such as `calls`. */
  fields: string[];
}

/** What the platform answered to `accept` or `connect`. */
export interface CallSession {
  callId: string;
  /** The platform's answer to the offer (SDP), unchanged. */
  answer?: string;
  /** A session description (SDP) to go on with, unchanged. */
  renegotiation?: string;
  /** The whole answer. */
  raw: JsonObject;
}

/** A track of a call, to be switched on or off. */
export interface MediaTrack {
  msid: string;
  label: 'default_audio' | 'default_video' | 'screen_audio' | 'screen_video' | (string & {});
  enabled: boolean;
}

/** A change of what is sent in a call. */
export interface MediaUpdate {
  /** The Page's new offer (SDP). */
  offer?: string;
  /** At most 4. */
  tracks?: readonly MediaTrack[];
  fromVersion?: number;
  toVersion?: number;
}

type Fields = Record<string, unknown>;

/** Under the names of the wire form, with the further fields. */
function wire(given: unknown, path: string): Fields {
  return reading(path, () => {
    if (typeof given !== 'object' || given === null)
      throw invalidArgument(`${path} must be an object`);
    const { fields, ...own } = given as Fields;
    const named = Object.entries(own).map(([name, value]) => [snakeCase(name), value]);
    return { ...(fields as Fields), ...Object.fromEntries(named) };
  });
}

/** The wire form of settings: the body of a request. */
export function settingsToWire(settings: CallSettings): JsonObject {
  const told = wire(settings, 'settings');
  const { callRouting } = settings;
  if (typeof callRouting === 'string') told.call_routing = { ring_target: callRouting };
  if (typeof settings.callHours === 'object' && settings.callHours !== null) {
    const hours = wire(settings.callHours, 'settings.callHours');
    const days = hours.weekly_operating_hours;
    if (Array.isArray(days)) {
      hours.weekly_operating_hours = days.map((day) =>
        typeof day === 'object' && day !== null ? wire(day, 'settings.callHours') : day,
      );
    }
    told.call_hours = hours;
  }
  return parse(asJson(told, { path: 'settings', wire: true }));
}

/** The known fields that have a type, and all others as `fields`. */
function named(told: Fields, known: Record<string, string>): Fields {
  const [own, fields]: [Fields, Fields] = [{}, {}];
  for (const [name, value] of Object.entries(told)) {
    const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
    if (known[name] === kind) own[camelCase(name)] = value;
    else fields[name] = value;
  }
  return Object.keys(fields).length > 0 ? { ...own, fields } : own;
}

/** Settings from their wire form; nothing in it is lost. */
export function settingsFromWire(settings: WireObject): CallSettings {
  const told = parse(asJson(settings, { path: 'settings', wire: true })) as Fields;
  const flag = 'boolean';
  const flags = { audio_enabled: flag, video_enabled: flag, icon_enabled: flag };
  const shown = named(told, { ...flags, call_routing: 'object', call_hours: 'object' });
  const routing = shown.callRouting as Fields | undefined;
  if (routing && Object.keys(routing).length === 1 && typeof routing.ring_target === 'string') {
    shown.callRouting = routing.ring_target;
  }
  if (shown.callHours) {
    const known = { timezone_id: 'string', weekly_operating_hours: 'array' };
    const hours = named(shown.callHours as Fields, known);
    const day = { day_of_week: 'string', open_time: 'string', close_time: 'string' };
    const days = hours.weeklyOperatingHours as unknown[] | undefined;
    const isObject = (one: unknown) => typeof one === 'object' && one !== null;
    if (days?.every(isObject)) {
      hours.weeklyOperatingHours = days.map((one) => named(one as Fields, day));
    } else if (days) {
      delete hours.weeklyOperatingHours;
      hours.fields = { ...(hours.fields as Fields), weekly_operating_hours: days };
    }
    shown.callHours = hours;
  }
  return shown as CallSettings;
}

/** Everything that is wrong with settings, in the order of the wire form. */
export function validateSettings(settings: CallSettings): Violation[] {
  return call(() => native.validateSettings(asJson(settingsToWire(settings))));
}

function optionsOf(given: RequestOptions | null | undefined): [AbortSignal | undefined, string] {
  if (given === undefined || given === null) return [undefined, '{}'];
  const { signal, deadline, ...others } = reading('options', () => {
    // What an object of a class has is not its own.
    const { signal, deadline, timeoutMs, headers, unchecked } = given;
    return { ...given, signal, deadline, timeoutMs, headers, unchecked };
  });
  const told: Fields = { deadlineMs: asMoment(deadline, 'options.deadline'), ...others };
  return [asSignal(signal, 'options.signal'), optionsToWire(told)];
}

/**
 * The calling side of one Page: its settings, its permissions, its calls. It comes from
 * `client.calling`. Every promise rejects with a `CallCtaError`, whose `delivery` is about
 * the request: `unknown` means that it may have been done; what only reads does nothing, so
 * there it means that no answer could be read.
 *
 * What only reads, and the end of a call, is tried again even if an earlier try may have
 * arrived. Accepting a call and calling somebody is never tried again, whatever happened. All
 * else is tried again as messages are.
 */
export class Calling {
  readonly #client: NativeClient;

  /** @internal */
  constructor(client: NativeClient) {
    this.#client = client;
  }

  /** Reads the Page's call settings. */
  async settings(options?: RequestOptions | null): Promise<CallSettings> {
    const told = await this.#ask('settings', {}, options, calledBy(this.settings));
    return settingsFromWire(told as WireObject);
  }

  /** Changes the settings that are given, which are checked first; the others stay. */
  async setSettings(settings: CallSettings, options?: RequestOptions | null): Promise<void> {
    const given = { settings: settingsToWire(settings) };
    await this.#ask('set_settings', given, options, calledBy(this.setSettings));
  }

  /** Whether the Page may use the calling API. */
  async featureStatus(options?: RequestOptions | null): Promise<FeatureStatus> {
    const told = await this.#ask('feature_status', {}, options, calledBy(this.featureStatus));
    return shown(told) as FeatureStatus;
  }

  /**
   * Whether the Page may call a person, and whether it may ask to be allowed to. Rejects with
   * `calling_not_enabled` if the Page has calling switched off.
   */
  async permissions(psid: string, options?: RequestOptions | null): Promise<CallPermissions> {
    const told = await this.#ask('permissions', { psid }, options, calledBy(this.permissions));
    return shown(told) as CallPermissions;
  }

  /**
   * Asks a person to be allowed to call them, by a message. At most 2 a day to each person;
   * each permission lasts for 7 days. The answer comes back as a webhook.
   */
  async requestPermission(
    psid: string,
    options?: RequestOptions | null,
  ): Promise<Pick<Receipt, 'messageId' | 'recipientId'>> {
    const caller = calledBy(this.requestPermission);
    const told = await this.#ask('request_permission', { psid }, options, caller);
    return shown(told) as Receipt;
  }

  /**
   * Accepts a person's call with the Page's offer (SDP): one request, whatever happens.
   * `rangAt` is when it began to ring, the `time` of its `connect` webhook in Unix
   * milliseconds: it isn't accepted later than 60 seconds after that, but rejects with
   * `deadline_passed`.
   */
  async accept(
    callId: string,
    offer: string,
    { rangAt, ...options }: RequestOptions & { rangAt?: number | null | undefined } = {},
  ): Promise<CallSession> {
    const given = { call_id: callId, offer, rang_at: rangAt };
    return shown(await this.#ask('accept', given, options, calledBy(this.accept))) as CallSession;
  }

  /** Calls a person, who must have allowed it: one request, whatever happens. */
  async connect(
    psid: string,
    offer: string,
    options?: RequestOptions | null,
  ): Promise<CallSession> {
    const told = await this.#ask('connect', { psid, offer }, options, calledBy(this.connect));
    return shown(told) as CallSession;
  }

  /** Rejects a person's call that rings. */
  async reject(callId: string, options?: RequestOptions | null): Promise<void> {
    await this.#ask('reject', { call_id: callId }, options, calledBy(this.reject));
  }

  /** Ends a call. */
  async terminate(callId: string, options?: RequestOptions | null): Promise<void> {
    await this.#ask('terminate', { call_id: callId }, options, calledBy(this.terminate));
  }

  /** Changes what is sent in a call. */
  async updateMedia(
    callId: string,
    update: MediaUpdate,
    options?: RequestOptions | null,
  ): Promise<void> {
    const given = { ...wire(update, 'update'), call_id: callId };
    await this.#ask('update_media', given, options, calledBy(this.updateMedia));
  }

  /**
   * Tells the platform how a call was: once, within 24 hours of its end. In wire form;
   * `call_id`, `end_call_reason`, `call_ended_time`, `first_audio_packet_received_time` and
   * `audio_stats` are required.
   */
  async reportMetrics(metrics: WireObject, options?: RequestOptions | null): Promise<void> {
    await this.#ask('report_metrics', { metrics }, options, calledBy(this.reportMetrics));
  }

  /** The apps that are told what happens on the Page. */
  async subscriptions(options?: RequestOptions | null): Promise<Subscription[]> {
    const told = await this.#ask('subscriptions', {}, options, calledBy(this.subscriptions));
    return shown(told) as Subscription[];
  }

  /**
   * Subscribes the token's app to webhook fields of the Page, such as `calls`. What isn't
   * named is not told any more: name all that are wanted.
   */
  async subscribe(fields: Iterable<string>, options?: RequestOptions | null): Promise<void> {
    const given = { fields: reading('fields', () => [...fields]) };
    await this.#ask('subscribe', given, options, calledBy(this.subscribe));
  }

  async #ask(name: string, given: Fields, how: unknown, caller: Caller): Promise<unknown> {
    const [signal, options] = optionsOf(how as RequestOptions);
    const text = asJson(given, { path: '', wire: true });
    const ask = (cancel: NativeCancel) => native.ask(this.#client, name, text, options, cancel);
    return waited(ask, signal, caller);
  }
}
