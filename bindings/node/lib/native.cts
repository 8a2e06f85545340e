import type * as Binding from './binding.cjs';

let native: typeof Binding;
try {
  native = require('./callcta.node') as typeof Binding;
} catch (cause) {
  const hint = 'rebuild it for this platform with "npm rebuild callcta", which needs Rust';
  throw new Error(`callcta's native part can't be loaded; ${hint}`, { cause });
}

export = native;
