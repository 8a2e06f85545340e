import { Client, type Message, Outboxes } from 'callcta';

const first = Client.fromEnv();
const second = Client.fromEnv({
  pageId: process.env.SECOND_PAGE_ID!,
  accessToken: process.env.SECOND_ACCESS_TOKEN!,
  shareConnections: first,
});
const message: Message = {
  template: 'button',
  text: 'We are open.',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};

// One set of threads; a queue, a pace of 40 and counters for each Page.
const outboxes = new Outboxes({ workers: 200 });
const items = [
  { outbox: outboxes.outbox(first), to: '200000000000001', message },
  { outbox: outboxes.outbox(second), to: '200000000000011', message },
];
for await (const _outcome of outboxes.sendMany(items)) {
  // Write it down.
}
await outboxes.drain();
for (const { outbox } of items) {
  const { sent, kinds } = outbox.counts();
  console.log(`${outbox.client.pageId}: ${sent} sent`);
  for (const { kind, delivery, count } of kinds) console.log(`  ${count} ${delivery}: ${kind}`);
}
