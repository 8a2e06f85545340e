import { readFileSync } from 'node:fs';

import { fromWire, validate } from 'callcta';

const message = fromWire(readFileSync('card.json', 'utf8'));
for (const violation of validate(message)) {
  console.log(violation.severity, violation.path, violation.message);
}
