import { Client } from 'callcta';

// [begin settings]
const client = Client.fromEnv();
const { status } = await client.calling.featureStatus();
console.log('may call:', status === 'enabled');
if (!(await client.calling.settings()).audioEnabled) {
  await client.calling.setSettings({ audioEnabled: true });
}
console.log('audio:', (await client.calling.settings()).audioEnabled);
// [end]
client.close();
