/** What JSON can hold. Whole numbers that `number` is too coarse for are bigints. */
export type Json = string | number | bigint | boolean | null | Json[] | { [key: string]: Json };

/** A JSON object, such as a wire form or fields that have no name here. */
export type JsonObject = { [key: string]: Json };

/** The same to be sent: an object of any type that is made of what JSON can hold. */
export interface WireObject {
  readonly [key: string]: any;
  // Lists, maps, functions and the like would get lost.
  readonly [Symbol.iterator]?: never;
  readonly [Symbol.toStringTag]?: never;
  readonly [Symbol.toPrimitive]?: never;
  readonly [Symbol.hasInstance]?: never;
}

/** Something in Meta's own wire form, known here or not: it is sent as it is. */
export interface Raw {
  raw: WireObject;
  type?: undefined;
  template?: undefined;
}

interface Extensible {
  /** Further fields under their wire names. One that has a name here is refused. */
  fields?: WireObject | null | undefined;
}

/** Calls the business when tapped. */
export interface AudioCallButton extends Extensible {
  type: 'audio_call';
  /** Should have at most 20 characters; more is a warning. */
  title: string;
  /** For how many days the button can be tapped, 1 to 7. The platform's default is 7. */
  expiresInDays?: number | null | undefined;
}

interface WebView extends Extensible {
  type: 'web_url';
  /** Starts with `http://` or `https://`. */
  url: string;
  /** The platform's default is `full`. */
  webviewHeightRatio?: 'compact' | 'tall' | 'full' | null | undefined;
  /** Needs an `https` URL. The platform's default is `false`. */
  messengerExtensions?: boolean | null | undefined;
  /** Only with `messengerExtensions`. The platform's default is `url`. */
  fallbackUrl?: string | null | undefined;
  /** `hide` takes the share button away. */
  webviewShareButton?: 'hide' | null | undefined;
}

/** Opens a web page. */
export interface WebUrlButton extends WebView {
  /** At most 20 characters. */
  title: string;
}

/** What a tap on a card itself opens: a `web_url` button without a title. */
export interface DefaultAction extends WebView {
  title?: undefined;
}

/** Sends a payload to the webhook. */
export interface PostbackButton extends Extensible {
  type: 'postback';
  /** At most 20 characters. */
  title: string;
  /** At most 1000 characters. */
  payload: string;
}

/** Dials a telephone number. */
export interface PhoneNumberButton extends Extensible {
  type: 'phone_number';
  /** At most 20 characters. */
  title: string;
  /** A `+`, the country code and the number, digits only. */
  number: string;
}

/** Starts account linking. */
export interface AccountLinkButton extends Extensible {
  type: 'account_link';
  /** Starts with `https://`. */
  url: string;
}

/** Undoes account linking. */
export interface AccountUnlinkButton extends Extensible {
  type: 'account_unlink';
}

/** Opens an Instant Game. */
export interface GamePlayButton extends Extensible {
  type: 'game_play';
  title: string;
  /** Sent to the webhook. */
  payload?: string | null | undefined;
  /** Who plays: an object with one of `player_id` and `context_id`. */
  gameMetadata?: WireObject | null | undefined;
}

export type Button =
  | AudioCallButton
  | WebUrlButton
  | PostbackButton
  | PhoneNumberButton
  | AccountLinkButton
  | AccountUnlinkButton
  | GamePlayButton
  | Raw;

/** A card of a generic template: a title and at least one thing more. */
export interface CardElement extends Extensible {
  /** At most 80 characters. */
  title: string;
  /** At most 80 characters. */
  subtitle?: string | null | undefined;
  /** The picture above the title; what isn't 1.91:1 is scaled or cropped. */
  imageUrl?: string | null | undefined;
  /** What a tap on the card itself opens. */
  defaultAction?: DefaultAction | Raw | null | undefined;
  /** At most 3. */
  buttons?: readonly Button[] | null | undefined;
}

export type Element = CardElement | Raw;

interface MessageBase extends Extensible {
  /** Comes back in the message's echo; fewer than 1000 characters. */
  metadata?: string | null | undefined;
  /** Further fields of the message itself, beside its template. */
  messageFields?: WireObject | null | undefined;
}

/** 1 to 10 cards. */
export interface GenericTemplate extends MessageBase {
  template: 'generic';
  elements: readonly Element[];
  /** The platform's default is `false`. */
  sharable?: boolean | null | undefined;
}

/** A text with 1 to 3 buttons. */
export interface ButtonTemplate extends MessageBase {
  template: 'button';
  /** At most 640 characters. */
  text: string;
  buttons: readonly Button[];
}

/** The older sibling of the call button: a card of the platform's own wording. */
export interface CallPrompt extends MessageBase {
  template: 'call_prompt';
  /** For how many days the person can call. The platform's default is 7. */
  ttlDays?: number | null | undefined;
}

/** A message in wire form: a `message` object, or a whole request, of which the message is taken. */
export interface RawMessage extends Raw, Omit<MessageBase, 'fields'> {}

export type Message = GenericTemplate | ButtonTemplate | CallPrompt | RawMessage;

/** Who is written to; a plain string is a PSID. */
export type Recipient =
  | string
  | { id: string }
  | { userRef: string }
  | { commentId: string }
  | { postId: string }
  | { raw: WireObject };

/** Another value, of tomorrow, takes a cast: `'NEW' as string as MessagingType`. */
export type MessagingType = 'RESPONSE' | 'UPDATE' | 'MESSAGE_TAG' | 'UTILITY';
export type MessageTag = 'HUMAN_AGENT' | 'CUSTOMER_FEEDBACK';
export type NotificationType = 'REGULAR' | 'SILENT_PUSH' | 'NO_PUSH';

/** What may be said about a send beside its message. Nothing is sent unless set. */
export interface RequestOptions extends Extensible {
  /** Why the message is sent. */
  messagingType?: MessagingType | null | undefined;
  /** What allows the message outside the window; goes with `MESSAGE_TAG`. */
  tag?: MessageTag | null | undefined;
  /** How the message is announced. The platform's default is `REGULAR`. */
  notificationType?: NotificationType | null | undefined;
  /** The persona that the message comes from. The Page itself by default. */
  personaId?: string | null | undefined;
  /** The id of the message that this one answers. */
  replyTo?: string | null | undefined;
  /** Comes back in the message's echo; fewer than 1000 characters. */
  metadata?: string | null | undefined;
  /** The moment after which the message must not be sent any more. None by default. */
  deadline?: Date | null | undefined;
  /** Bound for each request of this send, if it is less than the client's. None by default. */
  timeoutMs?: number | null | undefined;
  /** Headers of this send's requests, which win over the client's. None by default. */
  headers?: Readonly<Record<string, string>> | null | undefined;
  /** Whether to send without checking first: for the day that Meta changes a limit. */
  unchecked?: boolean | null | undefined;
}

export interface SendOptions extends RequestOptions {
  /** Gives the send up, and breaks it off if it is under way, when it may have arrived. */
  signal?: AbortSignal | null | undefined;
}
