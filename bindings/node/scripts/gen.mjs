// Writes what follows from other files: the types of the native part from its Rust and
// from the names that it knows, those of the emulator from the description of its API,
// and the modules for `import` from those for `require`. With --check, fails if that
// would change anything.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { format, resolveConfig } from 'prettier';

import { build, workspace } from './build.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));

/** What napi's macros write down while they are expanded: a JSON object per item. */
function items() {
  const folder = mkdtempSync(join(tmpdir(), 'callcta-'));
  try {
    // Another folder each time makes Cargo expand them again.
    process.env.NAPI_TYPE_DEF_TMP_FOLDER = folder;
    build({ manifest: workspace, profile: 'dev' });
    const lines = readdirSync(folder).flatMap((name) =>
      readFileSync(join(folder, name), 'utf8').split('\n'),
    );
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function declaration({ kind, name, js_doc: doc, def }, members) {
  switch (kind) {
    case 'interface':
      return `${doc}export interface ${name} {\n${def}\n}`;
    case 'struct':
      return `${doc}export declare class ${name} {\n${members.get(name)}\n}`;
    case 'fn':
      return `${doc}export declare ${def}`;
    case 'const':
      return doc + def.replace('export', 'export declare');
    default:
      throw new Error(`no way to declare a ${kind}`);
  }
}

const found = items();
const isImpl = ({ kind }) => kind === 'impl';
const members = new Map(found.filter(isImpl).map(({ name, def }) => [name, def]));
const declarations = found
  .filter((item) => !isImpl(item))
  .sort((one, other) => (one.name < other.name ? -1 : 1));

const { errorKinds, refusalKinds, rules } = createRequire(import.meta.url)('../dist/callcta.node');
const union = (names) => names.map((name) => `'${name}'`).join(' | ');
/** What users see as well. */
const isPublic = ({ kind, name }) => kind === 'interface' && !name.startsWith('Native');
const shown = declarations.filter(isPublic);
const [, delivery] = /\bdelivery: (.*)/.exec(found.find(({ name }) => name === 'NativeError').def);
await write('types.d.cts', 'src', [
  ...shown.map((item) => declaration(item)),
  `/** What is known about a message whose send failed. */\nexport type Delivery = ${delivery};`,
  `/** What went wrong. */\nexport type ErrorKind = ${union(errorKinds())};`,
  `/** Why a webhook was refused. */\nexport type RefusalKind = ${union(refusalKinds())};`,
  `/** Which rule a violation is about. */\nexport type Rule = ${union(rules())};`,
]);
const names = ['ErrorKind', 'RefusalKind', 'Rule', ...shown.map(({ name }) => name)];
await write('binding.d.cts', 'src', [
  `import type { ${names.join(', ')} } from './types.cjs';`,
  ...declarations.filter((item) => !isPublic(item)).map((item) => declaration(item, members)),
]);

const openapi = new URL('../../../crates/callcta-emulator/openapi.json', import.meta.url);
const { schemas } = JSON.parse(readFileSync(openapi, 'utf8')).components;
/** Names that the public package uses otherwise. */
const renamed = {
  Action: 'PersonAction',
  ActionKind: 'Action',
  Button: 'StoredButton',
  Message: 'StoredMessage',
  Request: 'RecordedRequest',
};
const docs = {
  Action: 'Something that a person did.',
  ActionKind: 'Something that a person can do.',
  ArmedFault: 'A fault that waits for requests.',
  Call: 'A call and what became of it.',
  Fault: 'Something that goes wrong with a Graph request.',
  Message: 'A message that the emulator accepted.',
  Ready: 'An emulator. Of `psids`, those who can be written to come first.',
  Request: 'A Graph request as it came in, without secrets, and what was answered.',
  Tap: 'What a tap led to: a call that rings, if it was a call button, and a webhook.',
  Webhook: 'A webhook and what became of it.',
};
const needed = new Set(Object.keys(docs));

/** TypeScript for a schema, under the names of JavaScript. */
function type(schema) {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1);
    needed.add(name);
    return renamed[name] ?? name;
  }
  if (schema.oneOf !== undefined) return schema.oneOf.map(type).join(' | ');
  if (schema.enum !== undefined) return union(schema.enum);
  if (Array.isArray(schema.type)) {
    return schema.type.map((one) => type({ ...schema, type: one })).join(' | ');
  }
  if (schema.type === 'array') return `(${type(schema.items)})[]`;
  if (schema.type === 'object') return schema.properties ? fields(schema) : 'JsonObject';
  return schema.type === 'integer' ? 'number' : schema.type;
}

function fields({ properties, required = [] }) {
  const lines = Object.entries(properties).map(([name, schema]) => {
    const doc = schema.description === undefined ? '' : `/** ${schema.description} */\n`;
    const camel = name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
    return `${doc}${camel}${required.includes(name) ? '' : '?'}: ${type(schema)};`;
  });
  return `{\n${lines.join('\n')}\n}`;
}

const control = ["import type { JsonObject } from './message.cjs';"];
for (const name of needed) {
  const doc = docs[name] === undefined ? '' : `/** ${docs[name]} */\n`;
  const [shown, body] = [renamed[name] ?? name, type(schemas[name])];
  const isInterface = schemas[name].properties !== undefined;
  control.push(
    doc + (isInterface ? `export interface ${shown} ${body}` : `export type ${shown} = ${body}`),
  );
}
await write('control.d.cts', "the emulator's openapi.json", control);

// Each name by itself: a star would export CommonJS's own mark as well.
execFileSync('npm', ['run', '--silent', 'compile'], { cwd: here, stdio: 'inherit' });
for (const module of ['calling', 'campaign', 'index', 'testing', 'webhook']) {
  const names = Object.keys(createRequire(import.meta.url)(`../dist/${module}.cjs`)).sort();
  const from = `from './${module}.cjs';`;
  const exported = `export { ${names.join(', ')} } ${from}\nexport type * ${from}`;
  await write(`${module}.mts`, `${module}.cts`, [exported]);
}

/** Writes a file of lib, or looks whether it is as it would be written. */
async function write(name, source, parts) {
  const path = join(here, 'lib', name);
  const text = [`// Generated by \`just gen\` from ${source}. Do not edit.`, ...parts].join('\n\n');
  const formatted = await format(text, { ...(await resolveConfig(path)), filepath: path });
  if (!process.argv.includes('--check')) {
    writeFileSync(path, formatted);
  } else if (readFileSync(path, 'utf8') !== formatted) {
    throw new Error(`lib/${name} is not what \`just gen\` makes of ${source}`);
  }
}
