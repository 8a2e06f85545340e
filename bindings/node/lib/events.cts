import type { Json } from './message.cjs';

/** One of these, or a value that is new. */
type Open<Known extends string> = Known | (string & {});

interface EventBase {
  /** The Page it happened on: that of the event's own entry. */
  pageId?: string;
  /** The person: whichever side isn't the Page. */
  psid?: string;
  /** When it happened, as the platform says, in Unix milliseconds. Calls are told to the second. */
  time?: number;
  /** Whether it came in the standby channel: another app has the conversation. */
  standby: boolean;
  /**
   * What tells the event from all others, the same when it is sent again. It names neither a
   * person nor what was said, and has at most 120 characters.
   */
  identity: string;
  /** By what `sort` orders: the platform's time, then the life of a call. */
  order: [number, number, number];
  /**
   * The event as it came. Whole numbers that `number` is too coarse for are bigints, which
   * `JSON.stringify` doesn't take.
   */
  raw: Json;
}

/**
 * A step in the life of a call. A tap on an `audio_call` button shows as `connect` of a call
 * that is `user_initiated`; no field names the button.
 */
export interface CallEvent extends EventBase {
  type: 'call';
  /** The call, such as `c_…`: what is accepted, rejected and ended. */
  id: string;
  /** Which step. After `connect` it rings, and can be accepted for 60 seconds. */
  event: Open<'connect' | 'call_status' | 'media_update' | 'terminate'>;
  /** Who called. */
  direction?: Open<'user_initiated' | 'business_initiated'>;
  /** Of a `call_status`. */
  status?: Open<'ringing' | 'accepted'>;
  /** Of a `media_update`: its number. The highest holds. */
  version?: number;
  /** Of a `media_update`: the person's offer, unchanged. */
  offer?: Description;
  /** Of a `terminate`: how the call ended. */
  end?: CallEnd;
}

/** A session description (SDP), unchanged. */
export interface Description {
  sdpType?: Open<'offer' | 'answer'>;
  sdp: string;
}

/** How a call ended. */
export interface CallEnd {
  status?: Open<'completed' | 'failed'>;
  /** When it began, in Unix milliseconds, unless nobody answered. */
  startTime?: number;
  /** When it ended, in Unix milliseconds. */
  endTime?: number;
  /** How long it lasted, in seconds, unless nobody answered. */
  duration?: number;
}

/** A person's answer to a request to call. */
export interface CallPermissionReplyEvent extends EventBase {
  type: 'call_permission_reply';
  response: Open<'approve' | 'reject'>;
  /** Until when the Page may call, in Unix milliseconds; with `approve` only. */
  expiration?: number;
}

/** The Page's call settings after a change. What isn't there was not told. */
export interface CallSettingsUpdateEvent extends EventBase {
  type: 'call_settings_update';
  /** Whether people can call at all. */
  audioEnabled?: boolean;
  /** Whether video calls are on. */
  videoEnabled?: boolean;
  /** Whether the call icon is shown in the conversation. */
  iconEnabled?: boolean;
  /** Who is rung. */
  callRouting?: Open<'META' | 'PARTNERS'>;
  /** The hours, as they came. */
  callHours?: Json;
}

interface Written extends EventBase {
  /** Its id (mid). */
  messageId: string;
  text?: string;
  /** The payload of the quick reply that was tapped. */
  quickReply?: string;
  attachments: Attachment[];
  /** The message that it answers. */
  replyTo?: string;
  /** Of an echo: the `metadata` of the send, by which an unknown send is settled. */
  metadata?: string;
  /** Of an echo: the app that sent it. */
  appId?: string;
}

/** A person wrote to the Page. */
export interface MessageEvent extends Written {
  type: 'message';
}

/** The Page wrote to a person: here, by another app, or in the inbox. */
export interface EchoEvent extends Written {
  type: 'echo';
}

/** A picture, sticker, file or template. */
export interface Attachment {
  type: Open<'image' | 'sticker' | 'audio' | 'video' | 'file' | 'template'>;
  /** Where it can be fetched. */
  url?: string;
  stickerId?: string;
}

/** A tap on a button that has a payload. */
export interface PostbackEvent extends EventBase {
  type: 'postback';
  /** The tap's id (mid). */
  messageId?: string;
  /** The button's title. */
  title?: string;
  payload?: string;
  /** How the person came into the conversation, if told along. */
  referral?: Referral;
}

/** Messages of the Page were delivered. */
export interface DeliveryEvent extends EventBase {
  type: 'delivery';
  /** The messages (mids), when told. */
  messageIds: string[];
  /** All up to this Unix millisecond were. */
  watermark?: number;
}

/** A person read what the Page wrote. */
export interface ReadEvent extends EventBase {
  type: 'read';
  /** Everything up to this Unix millisecond. */
  watermark?: number;
}

/** A person reacted to a message. */
export interface ReactionEvent extends EventBase {
  type: 'reaction';
  /** The message (mid). */
  messageId: string;
  action?: Open<'react' | 'unreact'>;
  /** The reaction's name, such as `love`. */
  reaction?: string;
  emoji?: string;
}

/** How a person came into the conversation. */
export interface Referral {
  /** The link's or ad's own text. */
  ref?: string;
  source?: Open<'SHORTLINK' | 'ADS'>;
  referralType?: Open<'OPEN_THREAD'>;
  adId?: string;
}

/** A person came into the conversation by a link or an ad. */
export interface ReferralEvent extends EventBase, Referral {
  type: 'referral';
}

/** Something that callcta doesn't know, or that is broken; see `raw`. */
export interface UnknownEvent extends EventBase {
  type: 'unknown';
  /** Why it could not be read, in a few words that quote nothing. */
  reason: string;
}

/** Something that happened on a Page; `type` says what. */
export type WebhookEvent =
  | CallEvent
  | CallPermissionReplyEvent
  | CallSettingsUpdateEvent
  | MessageEvent
  | EchoEvent
  | PostbackEvent
  | DeliveryEvent
  | ReadEvent
  | ReactionEvent
  | ReferralEvent
  | UnknownEvent;

/** What one webhook request holds. */
export interface Webhook {
  /** What it is about; `page` for Messenger. */
  object?: string;
  /** Its events, in the order in which they came; see `sort`. */
  events: WebhookEvent[];
  /** Which of the secrets signed it, from 0; `undefined` if nothing was verified. */
  secret?: number;
}
