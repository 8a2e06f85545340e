import { invalidArgument } from './error.cjs';
import { reading } from './json.cjs';

/** A signal of Node's or another environment's, if there is one. */
export function asSignal(given: unknown, path: string): AbortSignal | undefined {
  if (given === undefined || given === null) return undefined;
  const isSignal = reading(path, () => {
    const { aborted, addEventListener, removeEventListener } = Object(given);
    const methods = [addEventListener, removeEventListener];
    return typeof aborted === 'boolean' && methods.every((one) => typeof one === 'function');
  });
  if (!isSignal) throw invalidArgument(`${path} must be an AbortSignal`);
  return given as AbortSignal;
}
