// The package in CommonJS.
import callcta = require('callcta');
import testing = require('callcta/testing');

const emulator = new testing.Emulator();
const client: callcta.Client = emulator.client();
const message: callcta.Message = { template: 'call_prompt' };
const sent: Promise<callcta.Receipt> = client.send('1', message);
void sent.catch((error: unknown) => error instanceof callcta.CallCtaError);
