#!/usr/bin/env node
// The program `callcta`. It has this process for itself, so the event loop may wait for it.
import native = require('./native.cjs');

// Node has handlers of its own for these; taking one's own away leaves the system's default.
const nothing = () => {};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR1'])
  process.on(signal, nothing).off(signal, nothing);

process.exit(native.runProgram(['callcta', ...process.argv.slice(2)]));
