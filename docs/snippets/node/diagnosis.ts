import { Client } from 'callcta';

// [begin diagnosis]
const client = Client.fromEnv();
const { status, verdict, cause } = await client.doctor();
console.log(`${status}: ${verdict}`);
if (cause) console.log(`${cause.id}: ${cause.fix}`);
// [end]
client.close();
