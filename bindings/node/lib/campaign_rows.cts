import { types } from 'node:util';
import native = require('./native.cjs');
import { invalidArgument } from './error.cjs';
import { reading } from './json.cjs';
import { Source, type Items } from './source.cjs';

/** How many rows are handed over at once. */
const TOGETHER = 256;

/** A row: an object, or a `Map`, of cells. */
export type Row = object;

/** A plan by rows. */
type Plan = InstanceType<typeof native.NativePlan>;

/** Hands rows over, until they end or no more are wanted. Throws what they throw. */
export async function pushAll(items: Items<Row>, plan: Plan): Promise<void> {
  const source = new Source<Row>(items);
  let [number, wanted] = [0, true];
  try {
    while (wanted && !source.ended) {
      const lines: string[] = [];
      while (lines.length < TOGETHER) {
        const next = await source.take();
        if (next === undefined) break;
        lines.push(line(next.item, (number += 1)));
      }
      source.check();
      if (lines.length > 0) wanted = await plan.push(lines.join(''));
    }
    plan.end(true);
  } catch (thrown) {
    plan.end(false);
    throw thrown;
  } finally {
    await source.close(false);
  }
}

/** A row as a line of JSON. */
function line(row: Row, number: number): string {
  const cells = entries(row, number).flatMap(([name, value]) => {
    const path = `row ${number}: ${String(name)}`;
    const text = cell(value, path);
    return text === undefined ? [] : [`${JSON.stringify(String(name))}:${text}`];
  });
  return `{${cells.join()}}\n`;
}

function entries(row: Row, number: number): [unknown, unknown][] {
  return reading(`row ${number}`, () => {
    if (types.isMap(row)) return [...row.entries()];
    const { toJSON } = Object(row);
    const plain: unknown = typeof toJSON === 'function' ? toJSON.call(row) : row;
    if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
      throw new TypeError('it must be an object');
    }
    return Object.entries(plain);
  });
}

/** A cell as JSON, or nothing for what is missing. */
function cell(value: unknown, path: string): string | undefined {
  switch (typeof value) {
    case 'undefined':
      return undefined;
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'bigint':
      return `"${value}"`;
    case 'number':
      if (Number.isNaN(value)) return undefined;
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
        const why = 'which JavaScript rounds: give such ids as texts or bigints';
        throw invalidArgument(`${path} is a number beyond 2^53, ${why}`);
      }
      if (Number.isFinite(value)) return JSON.stringify(value);
      break;
    case 'object':
      if (value === null) return undefined;
      if (types.isDate(value) && Number.isFinite(value.getTime())) return JSON.stringify(value);
  }
  throw invalidArgument(`${path} must be a text, a number, a bigint, true, false or a Date`);
}
