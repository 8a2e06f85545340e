/** What JSON can hold. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A JSON object, such as a wire form or fields that have no name here. */
export type JsonObject = { [key: string]: Json };

/** Something in Meta's own wire form, known here or not: it is sent as it is. */
export interface Raw {
  raw: JsonObject;
  type?: undefined;
  template?: undefined;
}

interface Extensible {
  /** Further fields under their wire names. A field that has a name here wins. */
  fields?: JsonObject | undefined;
}

/** Calls the business when tapped. */
export interface AudioCallButton extends Extensible {
  type: 'audio_call';
  /** Should have at most 20 characters; more is a warning. */
  title: string;
  /** For how many days the button can be tapped, 1 to 7. The platform's default is 7. */
  expiresInDays?: number | undefined;
}

interface WebView extends Extensible {
  type: 'web_url';
  /** Starts with `http://` or `https://`. */
  url: string;
  /** The platform's default is `full`. */
  webviewHeightRatio?: 'compact' | 'tall' | 'full' | (string & {}) | undefined;
  /** Needs an `https` URL. The platform's default is `false`. */
  messengerExtensions?: boolean | undefined;
  /** Only with `messengerExtensions`. The platform's default is `url`. */
  fallbackUrl?: string | undefined;
  /** `hide` takes the share button away. */
  webviewShareButton?: 'hide' | (string & {}) | undefined;
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
  payload?: string | undefined;
  /** Who plays: an object with one of `player_id` and `context_id`. */
  gameMetadata?: JsonObject | undefined;
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
  subtitle?: string | undefined;
  /** The picture above the title; what isn't 1.91:1 is scaled or cropped. */
  imageUrl?: string | undefined;
  /** What a tap on the card itself opens. */
  defaultAction?: DefaultAction | Raw | undefined;
  /** At most 3. */
  buttons?: readonly Button[] | undefined;
}

export type Element = CardElement | Raw;

interface MessageBase extends Extensible {
  /** Comes back in the message's echo; fewer than 1000 characters. */
  metadata?: string | undefined;
  /** Further fields of the message itself, beside its template. */
  messageFields?: JsonObject | undefined;
}

/** 1 to 10 cards. */
export interface GenericTemplate extends MessageBase {
  template: 'generic';
  elements: readonly Element[];
  /** The platform's default is `false`. */
  sharable?: boolean | undefined;
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
  ttlDays?: number | undefined;
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
  | { raw: JsonObject };

/** What may be said about a send beside its message. Nothing is sent unless set. */
export interface RequestOptions extends Extensible {
  /** Why the message is sent. */
  messagingType?: 'RESPONSE' | 'UPDATE' | 'MESSAGE_TAG' | 'UTILITY' | (string & {}) | undefined;
  /** What allows the message outside the window; goes with `MESSAGE_TAG`. */
  tag?: 'HUMAN_AGENT' | 'CUSTOMER_FEEDBACK' | (string & {}) | undefined;
  /** How the message is announced. The platform's default is `REGULAR`. */
  notificationType?: 'REGULAR' | 'SILENT_PUSH' | 'NO_PUSH' | (string & {}) | undefined;
  /** The persona that the message comes from. The Page itself by default. */
  personaId?: string | undefined;
  /** The id of the message that this one answers. */
  replyTo?: string | undefined;
  /** Comes back in the message's echo; fewer than 1000 characters. */
  metadata?: string | undefined;
  /** The moment after which the message must not be sent any more. None by default. */
  deadline?: Date | undefined;
  /** Whether to send without checking first: for the day that Meta changes a limit. */
  unchecked?: boolean | undefined;
}

export interface SendOptions extends RequestOptions {
  /** Gives the send up. What is being sent then may still arrive. */
  signal?: AbortSignal | undefined;
}
