export { Emulator } from './testing.cjs';
export type * from './testing.cjs';
