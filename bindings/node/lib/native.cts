import type * as Binding from './binding.cjs';
import { prebuilt, whyNot } from './unloadable.cjs';

/** The native part that was compiled here, or else the one of the package for this platform. */
function load(): typeof Binding {
  try {
    return require('./callcta.node') as typeof Binding;
  } catch (cause) {
    if (Object(cause).code !== 'MODULE_NOT_FOUND') throw cause;
  }
  return require(prebuilt()) as typeof Binding;
}

let native: typeof Binding;
try {
  native = load();
} catch (cause) {
  throw new Error(`callcta's native part can't be loaded: ${whyNot(cause)}`, { cause });
}

export = native;
