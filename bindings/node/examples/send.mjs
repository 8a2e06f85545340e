// Sends a card with a call button:
//   CALLCTA_PAGE_ID=… CALLCTA_ACCESS_TOKEN=… node examples/send.mjs PSID
import { CallCtaError, Client } from 'callcta';

const [psid] = process.argv.slice(2);

const client = Client.fromEnv();
try {
  const { messageId } = await client.send(psid, {
    template: 'generic',
    elements: [
      {
        title: 'Contact Support!',
        subtitle: 'We are there from 9 to 5.',
        buttons: [
          { type: 'web_url', title: 'View Website', url: 'https://example.com' },
          { type: 'audio_call', title: 'Call Now', expiresInDays: 5 },
        ],
      },
    ],
  });
  console.log(messageId);
} catch (error) {
  if (!(error instanceof CallCtaError)) throw error;
  console.error(`${error.kind}, delivery ${error.delivery}: ${error.message}`);
  process.exitCode = 1;
}
