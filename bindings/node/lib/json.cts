import { types } from 'node:util';
import native = require('./native.cjs');
import { invalidArgument } from './error.cjs';

/** The fields that hold wire forms: what is in them is sent as it is. */
const WIRE = new Set(['raw', 'fields', 'messageFields', 'gameMetadata']);

/** What an object of a class is asked for beside its own fields. */
const NAMES = native.fieldNames();

/** Where the native part looks for what it answered. */
const INHERITED = '\0';

/** Deeper than any message; the native part takes some more. */
const DEPTH = 100;

type Fields = Record<string, unknown>;

/** Where a value stands. */
interface Place {
  path: string;
  /** In a wire form. */
  wire: boolean;
}

interface Inside extends Place {
  around: readonly object[];
}

/**
 * What the native part reads: one text is cheaper than many small values, and what
 * becomes of the objects later changes nothing. Throws `invalid_argument` for what
 * would get lost, and for what can't be read.
 */
export function asJson(value: unknown, place: Place = { path: '', wire: false }): string {
  try {
    const text = JSON.stringify(value);
    // A replacer would see the same and cost more than all the rest.
    if (isPlain(value, DEPTH) && !text.includes('\\ud')) return text;
  } catch {
    // Told better below.
  }
  return write(value, { ...place, around: [] }) ?? 'null';
}

/** Runs what reads from somebody's object, which may throw anything. */
export function reading<T>(subject: string, body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    throw invalidArgument(`${subject} can't be read`.trimStart(), thrown);
  }
}

/** An object with other values for some of its fields. */
class Changed {
  constructor(
    readonly given: object,
    readonly others: Fields,
  ) {}
}

export function changed(given: unknown, others: Fields): unknown {
  if (typeof given !== 'object' || given === null) return given;
  if (!isPlainObject(given)) return new Changed(given, others);
  return { ...given, ...others };
}

/** Whether `JSON.stringify` writes all of it, as it is. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value));
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) {
    // Unlike `every`, this comes to holes.
    for (let at = 0; at < value.length; at += 1) if (!isPlain(value[at], depth - 1)) return false;
    return true;
  }
  if (!isPlainObject(value)) return false;
  // `Object.keys` takes several times as long before V8 has compiled it, which is when a
  // thousand sends may keep the event loop waiting.
  for (const key in value) {
    const field = (value as Fields)[key];
    if (field !== undefined && !isPlain(field, depth - 1)) return false;
  }
  return true;
}

/** Whether it is of no class, in whatever realm. */
function isPlainObject(value: object): boolean {
  const above: object | null = Object.getPrototypeOf(value);
  return above === Object.prototype || above === null || Object.hasOwn(above, 'isPrototypeOf');
}

function refused({ path }: Place, what = 'made of what JSON can hold') {
  return invalidArgument(`${path} must be ${what}`.trimStart());
}

/** Writes a value, or nothing for `undefined`. */
function write(given: unknown, place: Inside): string | undefined {
  const value = typeof given === 'object' && given !== null ? represented(given, place) : given;
  switch (typeof value) {
    case 'undefined':
      return undefined;
    case 'boolean':
      return String(value);
    case 'string':
      if (!value.isWellFormed()) throw refused(place, 'without halves of surrogate pairs');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw refused(place);
      if (place.wire && isRounded(value)) throw refused(place, 'a bigint to be exact');
      return JSON.stringify(value);
    case 'bigint':
      if (value < -(2n ** 63n) || value >= 2n ** 64n) throw refused(place, 'within 64 bits');
      return String(value);
    case 'object':
      return value === null ? 'null' : writeObject(value, place);
    default:
      throw refused(place);
  }
}

/** Whether several whole numbers of 64 bits become this one in JavaScript. */
export function isRounded(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 2 ** 64;
}

/** What stands for an object in JSON, of which it may have its own idea. */
function represented(value: object, place: Inside): unknown {
  if (types.isBoxedPrimitive(value)) return value.valueOf();
  const represent = reading(place.path, () => (value as Fields)['toJSON']);
  if (typeof represent !== 'function' || ArrayBuffer.isView(value)) return value;
  const other: unknown = reading(place.path, () => represent.call(value));
  // Of an invalid date.
  if (other === null) throw refused(place);
  return other;
}

function writeObject(value: object, place: Inside): string {
  const { path, wire, around } = place;
  if (around.includes(value)) throw refused(place);
  if (around.length === DEPTH) {
    const [top = ''] = path.split(/(?=[.[])/);
    throw refused({ ...place, path: top }, 'less deeply nested');
  }
  const within = [...around, value];
  if (Array.isArray(value)) {
    const items = Array.from(value, (item, at) => {
      const inside = { path: `${path}[${at}]`, wire, around: within };
      const text = write(item, inside);
      if (text === undefined) throw refused(inside);
      return text;
    });
    return `[${items.join()}]`;
  }
  const { given, others } = value instanceof Changed ? value : { given: value, others: {} };
  const isOfClass = !isPlainObject(given);
  if (isOfClass && (wire || Object.prototype.toString.call(given) !== '[object Object]')) {
    throw refused(place);
  }
  const fields = (names: string[], own: boolean): string[] =>
    names.flatMap((name: string) => {
      const inside = path === '' ? name : `${path}.${name}`;
      const get = () => (name in others ? others[name] : (given as Fields)[name]);
      const field = reading(inside, get);
      // What a class has beside fields.
      if (!own && typeof field === 'function') return [];
      const key = write(name, { ...place, path: `the names in ${path}` });
      const text = write(field, { path: inside, wire: wire || WIRE.has(name), around: within });
      return text === undefined ? [] : [`${key}:${text}`];
    });
  const names = [...new Set([...reading(path, () => Object.keys(given)), ...Object.keys(others)])];
  const written = fields(names, true);
  if (isOfClass) {
    const inherited = NAMES.filter((name: string) => name in given && !names.includes(name));
    written.push(`${JSON.stringify(INHERITED)}:{${fields(inherited, false).join()}}`);
  }
  return `{${written.join()}}`;
}
