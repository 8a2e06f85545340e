import { Campaign } from 'callcta/campaign';

const campaign = new Campaign('autumn.journal');
// Or any iterable of rows, asynchronous or not.
const plan = await campaign.plan('people.csv', 'greeting.json', {
  pageId: process.env['CALLCTA_PAGE_ID'],
});
for (const { rule, place, message } of plan.findings) console.log(rule, place, message);
// The tokens of more Pages than the environment's: campaign.run({ 1234567890: 'token' })
const run = campaign.run();
for await (const { done, rows } of run) console.error(`${done} of ${rows}`);
const { status, states } = await run;
console.log(`${status}: ${states.sent} sent`);
for await (const row of campaign.rows({ states: ['rejected'] })) {
  console.log(row['key'], row['callcta_state'], row['callcta_kind']);
}
