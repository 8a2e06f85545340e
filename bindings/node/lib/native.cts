import type * as Binding from './binding.cjs';
import { whyNot } from './unloadable.cjs';

let native: typeof Binding;
try {
  native = require('./callcta.node') as typeof Binding;
} catch (cause) {
  throw new Error(`callcta's native part can't be loaded: ${whyNot(cause)}`, { cause });
}

export = native;
