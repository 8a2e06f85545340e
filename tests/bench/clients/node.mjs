// The clients in Node: `node.mjs WHICH URL PAGE_ID TOKEN PSID`. What they say to
// their driver is described in ../src/protocol.rs. Each imports only what it
// measures.
import { createInterface } from 'node:readline';

const [which, url, pageId, token, psid] = process.argv.slice(2);
const endpoint = `${url}/v26.0/${pageId}/messages`;
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
const now = process.hrtime.bigint;

/** The page's generic sample, as those have to write it who have no callcta. */
const sampleRequest = (to) => ({
  recipient: { id: to },
  message: {
    attachment: {
      type: 'template',
      payload: {
        template_type: 'generic',
        elements: [
          {
            title: 'Contact Support!',
            buttons: [{ type: 'audio_call', title: 'Call Now', expires_in_days: 5 }],
          },
        ],
      },
    },
  },
});

const expect = (messageId) => {
  if (typeof messageId !== 'string') throw new Error('there is no message id');
};

async function versionOf(name) {
  const { default: json } = await import(`${name}/package.json`, { with: { type: 'json' } });
  return `${name} ${json.version}`;
}

/** The client's name and what sends one message with it. */
async function sender() {
  switch (which.replace('many-', '')) {
    case 'callcta': {
      const { Client } = await import('callcta');
      const client = new Client({ pageId, accessToken: token, baseUrl: url });
      const send = async (to) => {
        const { messageId } = await client.send(to, {
          template: 'generic',
          elements: [
            {
              title: 'Contact Support!',
              buttons: [{ type: 'audio_call', title: 'Call Now', expiresInDays: 5 }],
            },
          ],
        });
        expect(messageId);
      };
      return [await versionOf('callcta'), send];
    }
    case 'undici':
    case 'undici-64': {
      const { Agent, request } = await import('undici');
      const limited = which.endsWith('-64');
      const dispatcher = new Agent(limited ? { connections: 64 } : {});
      const send = async (to) => {
        const body = JSON.stringify(sampleRequest(to));
        const answer = await request(endpoint, { method: 'POST', headers, body, dispatcher });
        expect((await answer.body.json()).message_id);
      };
      return [`${await versionOf('undici')}${limited ? ', 64 connections' : ''}`, send];
    }
    case 'fetch': {
      const send = async (to) => {
        const body = JSON.stringify(sampleRequest(to));
        const answer = await fetch(endpoint, { method: 'POST', headers, body });
        expect((await answer.json()).message_id);
      };
      return [`fetch, Node ${process.versions.node}`, send];
    }
    case 'nothing':
      return ['setTimeout, no sends', () => new Promise((resolve) => setTimeout(resolve, 800))];
    default:
      throw new Error(`no client is called ${which}`);
  }
}

/** How long `count` sends at once take, and how late a 1 ms timer got meanwhile. */
async function many(send, count) {
  let last = now();
  let late = 0n;
  const look = () => {
    const since = now() - last - 1_000_000n;
    if (since > late) late = since;
    last = now();
  };
  const timer = setInterval(look, 1);
  await new Promise((resolve) => setTimeout(resolve, 10));
  late = 0n;
  const start = now();
  const to = (i) => `1254477777${String(i).padStart(6, '0')}`;
  // To somebody else each, or they would have to wait for one another.
  await Promise.all(Array.from({ length: count }, (_, i) => send(to(i))));
  const took = now() - start;
  look();
  clearInterval(timer);
  return `${took} ${late}`;
}

const [title, send] = await sender();
console.log(title);
for await (const line of createInterface({ input: process.stdin })) {
  if (which.startsWith('many-')) {
    console.log(await many(send, Number(line)));
  } else if (line.startsWith('each ')) {
    const took = [];
    for (let left = Number(line.slice(5)); left > 0; left--) {
      const start = now();
      await send(psid);
      took.push(now() - start);
    }
    console.log(took.join(' '));
  } else {
    const start = now();
    for (let left = Number(line); left > 0; left--) await send(psid);
    console.log(String(now() - start));
  }
}
