import { invalidArgument } from './error.cjs';

/** A signal of Node's or another environment's, if there is one. */
export function asSignal(given: unknown, path: string): AbortSignal | undefined {
  if (given === undefined || given === null) return undefined;
  const { aborted, addEventListener, removeEventListener } = Object(given);
  const isSignal =
    typeof aborted === 'boolean' &&
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function';
  if (!isSignal) throw invalidArgument(`${path} must be an AbortSignal`);
  return given as AbortSignal;
}
