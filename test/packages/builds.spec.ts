import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { workDir } from './packed.js';
import { Program } from './program.js';
import { run } from './run.js';

const ROOT = join(__dirname, '../..');
const SCRIPT = join(ROOT, 'scripts/build-service.mjs');

/** A service that loads its library when it is first asked, and says which of their versions answer. */
const MAIN = `
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { VERSION } from './version.js';

const server = createServer((_, response) => {
  void import('greeter').then(({ greeting }) => response.setHeader('Connection', 'close').end(greeting + VERSION));
});
server.listen(0, '127.0.0.1', () => console.log('port', (server.address() as AddressInfo).port));
process.once('SIGTERM', () => server.close());
`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(workDir, 'builds-'));
  const library = join(dir, 'libs/greeter');
  for (const folder of ['src', 'libs/greeter/src']) mkdirSync(join(dir, folder), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'), 'junction');
  write('package.json', '{ "type": "module" }');
  write('src/main.ts', MAIN);
  writeFileSync(
    join(library, 'package.json'),
    '{ "name": "greeter", "type": "module", "exports": { ".": "./none.js" } }',
  );
  writeVersion('one');
});
afterEach(() => Program.endAll());

function write(file: string, text: string): void {
  writeFileSync(join(dir, file), text);
}

function writeVersion(version: string): void {
  write('src/version.ts', `export const VERSION = '${version}';`);
  write('libs/greeter/src/index.ts', `export const greeting = 'hello from ${version} to ';`);
}

const build = () => run(dir, process.execPath, SCRIPT);
const builds = () => readdirSync(join(dir, 'dist')).filter((name) => name !== 'main.js');

async function start(): Promise<{ program: Program; ask: () => Promise<string> }> {
  const program = new Program(dir, ['dist/main.js']);
  const [, port = ''] = await program.says(/port (\d+)/);
  return { program, ask: async () => (await fetch(`http://127.0.0.1:${port}`)).text() };
}

/** Lets the time pass in which a build is never removed. */
function age(build: string): void {
  utimesSync(join(dir, 'dist', build), 0, 0);
}

it('a build leaves a running instance what it has not loaded yet, and a new start is of the new build', async () => {
  await build();
  const first = await start();
  writeVersion('two');
  await build();
  const second = await start();
  expect(await first.ask()).toBe('hello from one to one');
  expect(await second.ask()).toBe('hello from two to two');
  expect(await first.program.end()).toBe(0);
});

it('a build is removed when no process runs from it and it is old', async () => {
  await build();
  const [old = ''] = builds();
  const { program, ask } = await start();
  for (const version of ['two', 'three']) {
    writeVersion(version);
    await build();
    builds().forEach(age);
  }
  // That of the second version is gone.
  expect(builds()).toContain(old);
  expect(builds()).toHaveLength(2);
  expect(await ask()).toBe('hello from one to one');
  expect(await program.end('SIGKILL')).toBe('SIGKILL');
  age(old);
  await build();
  expect(builds()).not.toContain(old);
  expect(builds()).toHaveLength(1);
});

it('what has not changed is not built again, and what is changed back is there', async () => {
  expect((await build()).stdout).toMatch(/^Compiled 3 files in \d+\.\d s\n$/);
  const [one = ''] = builds();
  // A container's user may be another than the one who built it.
  expect(statSync(join(dir, 'dist', one)).mode).toBe(statSync(join(dir, 'dist')).mode);
  const launcher = readFileSync(join(dir, 'dist/main.js'), 'utf8');
  writeVersion('two');
  await build();
  writeVersion('one');
  expect((await build()).stdout).toBe('');
  expect(readFileSync(join(dir, 'dist/main.js'), 'utf8')).toBe(launcher);
  expect(builds()).toContain(one);
});

it('two builds at once both succeed, and leave one', async () => {
  await Promise.all([build(), build()]);
  expect(builds()).toHaveLength(1);
  expect(await (await start()).ask()).toBe('hello from one to one');
});

it('a build that fails leaves the one before in its place, and nothing of itself', async () => {
  await build();
  write('src/version.ts', 'export const VERSION = ;');
  await expect(build()).rejects.toThrow(/src\/version\.ts/);
  expect(builds()).toHaveLength(1);
  expect(existsSync(join(dir, 'dist', builds()[0]!, 'src/main.js'))).toBe(true);
  expect(await (await start()).ask()).toBe('hello from one to one');
});
