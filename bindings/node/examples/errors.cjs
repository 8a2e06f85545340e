// Provokes errors in the emulator and shows what each says: node examples/errors.cjs
const { Emulator } = require('callcta/testing');

const message = {
  template: 'button',
  text: 'Contact Support!',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};
const tooLong = {
  ...message,
  buttons: [{ type: 'audio_call', title: 'Call Now', expiresInDays: 8 }],
};

async function main() {
  const emulator = new Emulator();
  const client = emulator.client();
  const [psid] = emulator.psids;
  const show = (send) => send.catch((error) => console.log(`${error.code}: ${error.delivery}`));

  await show(client.send(psid, tooLong));
  await show(client.send(psid, tooLong, { unchecked: true }));
  await show(client.send('999999999999999', message));
  await show(emulator.client({ accessToken: 'wrong' }).send(psid, message));
  // The message is stored, but the connection breaks before the answer.
  await emulator.arm({ action: { type: 'drop' }, apply: 'after' });
  await show(client.send(psid, message));
  emulator.stop();
  await show(emulator.client({ retry: { attempts: 1 } }).send(psid, message));
}

main();
