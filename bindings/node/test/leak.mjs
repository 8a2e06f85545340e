// Sends 100,000 messages and prints the memory after the first 10,000 and at the
// end. Run with --expose-gc.
import { Client, CallCtaError } from 'callcta';
import { Emulator } from 'callcta/testing';

import { message } from './platform.mjs';

const emulator = new Emulator();
const client = emulator.client();
const [psid] = emulator.psids;
const broken = { ...message, text: '' };
const { signal } = new AbortController();

function report(sends) {
  globalThis.gc();
  const { rss, heapUsed } = process.memoryUsage();
  const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  console.log(`${sends} sends: ${mebibytes(rss)} resident, ${mebibytes(heapUsed)} heap`);
}

for (let sends = 1; sends <= 100_000; sends += 1) {
  await client.send(psid, message, sends % 2 === 0 ? { signal } : undefined);
  if (sends % 100 === 0) {
    // Errors and clients must not leak either.
    await client.send(psid, broken).catch((error) => {
      if (!(error instanceof CallCtaError)) throw error;
    });
    new Client({ pageId: '1', accessToken: 't' });
  }
  if (sends % 10_000 === 0) report(sends);
}
emulator.stop();
