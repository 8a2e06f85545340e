/// <reference lib="esnext.disposable" preserve="true" />
import { Calling } from './calling.cjs';
import { examine, type Diagnosis, type DoctorOptions } from './doctor.cjs';
import { call, calledBy, invalidArgument } from './error.cjs';
import { asJson, changed, reading } from './json.cjs';
import { outcomes, ownWay, type SendManyOptions, type Outcome, type Outgoing } from './many.cjs';
import type { Message, Recipient, SendOptions } from './message.cjs';
import native = require('./native.cjs');
import { asked } from './request.cjs';
import { Sends } from './sends.cjs';
import type { ClientSettings } from './settings.cjs';
import type { Items } from './source.cjs';
import type { Receipt } from './types.cjs';

/** The sends of a client. Throws `invalid_argument` for what is none. */
export let sendsOf: (client: Client) => Sends;

/** Sends messages for one Page. */
export class Client {
  readonly #sends: Sends;

  static {
    sendsOf = (client) => {
      if (typeof client === 'object' && client !== null && #sends in client) return client.#sends;
      throw invalidArgument('client must be a Client');
    };
  }

  /** Nothing is connected before the first send. Throws `invalid_argument`. */
  constructor(settings: ClientSettings) {
    const [given, other] = reading('settings', () => [
      settings?.onRetry ?? undefined,
      settings?.shareConnections ?? undefined,
    ]);
    // The native part needs to know only whether there is one.
    const onRetry = given === undefined ? given : typeof given;
    const told = changed(settings, { onRetry, shareConnections: undefined });
    const shared = other && sendsOf(other).client;
    this.#sends = call(() => new Sends(asJson(told), given, shared));
  }

  /**
   * A client with what the environment says: `CALLCTA_PAGE_ID`, `CALLCTA_ACCESS_TOKEN`,
   * and unless they are not set `CALLCTA_APP_SECRET`, `CALLCTA_BASE_URL` and
   * `CALLCTA_CA_FILE`, the name of a file with `extraCaPem`. `settings` win over it. Throws `invalid_argument`, which names what is missing.
   */
  static fromEnv(settings?: Partial<ClientSettings> | null): Client {
    const given: Partial<ClientSettings> = { ...settings };
    const known = call(() => native.environment());
    for (const name of ['pageId', 'accessToken', 'appSecret', 'baseUrl', 'extraCaPem'] as const) {
      const value = given[name] ?? known[name];
      if (value !== undefined) given[name] = value;
    }
    return new this(given as ClientSettings);
  }

  /** The Page that the client sends for. */
  get pageId(): string {
    return this.#sends.client.pageId;
  }

  /**
   * Checks a message and sends it. Messages to the same recipient go out one after
   * another, in the order of the calls; others, and those of {@link sendMany}, in
   * parallel. Rejects with a {@link CallCtaError}.
   */
  send(to: Recipient, message: Message, options?: SendOptions | null): Promise<Receipt> {
    return this.#sends.start(() => asked(to, message, options), { caller: calledBy(this.send) });
  }

  /**
   * Sends what `items` yields and yields the outcomes as they come, a failed send
   * being one of them. At most `lookAhead` items are taken without their outcomes being
   * asked for. Leaving the loop, or aborting, cancels what waits and breaks off what is
   * being sent, which may still arrive. When `items` fails, so does the loop, after the
   * outcomes of what was taken.
   *
   * At most `pace` messages per second start: above 40 a Page's inbox stops showing
   * them, and 300 calls per second are the platform's limit. When it says that most of a
   * limit is used up, fewer start. A client has one pace, the latest.
   */
  sendMany<T extends Outgoing>(
    items: Items<T>,
    options?: SendManyOptions | null,
  ): AsyncGenerator<Outcome<T>, void, undefined> {
    return outcomes(() => ownWay(this.#sends, options), items, calledBy(this.sendMany));
  }

  /** What there is to ask and to say about the Page's calls; see `callcta/calling`. */
  get calling(): Calling {
    return new Calling(this.#sends.client);
  }

  /**
   * Looks for what keeps this Page's call button from working, and says why that matters and
   * what mends it. It only reads, unless `sendTest` is set.
   */
  doctor(options?: DoctorOptions | null): Promise<Diagnosis> {
    return examine(this.#sends.client, options, calledBy(this.doctor));
  }

  /**
   * Makes requests with another access token from now on; those that are under way keep
   * theirs. Throws `invalid_argument` for what can't be one.
   */
  setAccessToken(accessToken: string): void {
    call(() => this.#sends.client.setAccessToken(asJson(accessToken)));
  }

  /** How many sends have no outcome yet, those of {@link sendMany} included. */
  get pending(): number {
    return this.#sends.pending;
  }

  /**
   * Ends gracefully: takes no more sends, which are `cancelled` as after {@link close},
   * waits for the outcomes of those that are pending, then closes.
   */
  async drain(): Promise<void> {
    await this.#sends.drain();
    this.close();
  }

  /** Ends abruptly: closes every connection. What waits or is being sent is `cancelled`, as is what comes later. */
  close(): void {
    call(() => this.#sends.client.close());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The same as {@link drain}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }
}
