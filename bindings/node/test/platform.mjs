// A server that plays the platform: it keeps what it gets and answers as told.
import { createServer } from 'node:http';
import { once } from 'node:events';

export const PSID = '1254477777772919';
export const TOKEN = 'EAAB-secret-token';

export const callButton = { type: 'audio_call', title: 'Call Now', expiresInDays: 5 };
export const message = { template: 'button', text: 'Contact Support!', buttons: [callButton] };

export class Platform {
  requests = [];
  /** Resolve with `{ status, headers, body }`; the default is a receipt. */
  answer = async () => ({});
  #server = createServer((request, response) => this.#handle(request, response));
  #arrivals = [];

  static async start() {
    const platform = new Platform();
    platform.#server.listen(0, '127.0.0.1');
    await once(platform.#server, 'listening');
    return platform;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  settings(others = {}) {
    const base = { pageId: '1234567890', accessToken: TOKEN, baseUrl: this.url };
    return { ...base, retry: { attempts: 1 }, ...others };
  }

  /** Fulfils when so many requests have come. */
  async received(count) {
    while (this.requests.length < count) {
      await new Promise((resolve) => this.#arrivals.push(resolve));
    }
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #handle(request, response) {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { url, headers } = request;
    const seen = { url, headers, body: JSON.parse(text) };
    this.requests.push(seen);
    for (const arrived of this.#arrivals.splice(0)) arrived();
    const receipt = { recipient_id: seen.body.recipient.id, message_id: 'm_1' };
    const answer = { status: 200, headers: {}, body: receipt, ...(await this.answer(seen)) };
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  }
}

/** The error that a promise rejects with. */
export async function rejection(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`it was fulfilled with ${JSON.stringify(value)}`);
}

/** A promise that is fulfilled from outside. */
export function gate() {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { open, opened };
}
