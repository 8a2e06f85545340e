import { env } from 'node:process';

import { Client, type Message } from 'callcta';

const card: Message = {
  template: 'generic',
  elements: [
    {
      title: 'Contact Support!',
      buttons: [
        { type: 'web_url', title: 'View Website', url: 'https://example.com' },
        { type: 'audio_call', title: 'Call Now', expiresInDays: 5 },
      ],
    },
  ],
};
const client = Client.fromEnv();
const receipt = await client.send(env.CALLCTA_PSID!, card);
console.log('sent', receipt.messageId);
client.close();
