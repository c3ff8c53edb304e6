// Builds the service into a folder of its own, named by the digest of its sources, and lets dist/main.js start it. The
// folder holds the service and its packages, and never changes. It is removed only once no process runs from it, so a
// build takes nothing away that a running instance may still load.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { transformFile } from '@swc/core';

const CONFIGURATION = ['package-lock.json'];
/** A process that read dist/main.js has marked its build long before, and a build has ended. In milliseconds. */
const REST = 10 * 60_000;
const PREFIX = 'service-';

const dist = resolve('dist');
const name = `${PREFIX}${digestOf(sources())}`;
const place = join(dist, name);

mkdirSync(dist, { recursive: true });
if (!existsSync(place)) await build();
touch(place);
pointTo(name);
sweep();

/** The sources of the service and of the packages that it may import, tests left out. */
function code() {
  return ['src', ...libraries().map((library) => join(library, 'src'))]
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.ts') && !/\.(spec|types)\.ts$/.test(file));
}

function libraries() {
  return readdirSync('libs')
    .map((library) => join('libs', library))
    .filter((library) => existsSync(join(library, 'src')) && manifestOf(library).exports?.['.'] !== undefined);
}

function manifestOf(library) {
  return JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'));
}

/** Everything that the build is made of. */
function sources() {
  return [...code(), ...libraries().map((library) => join(library, 'package.json')), ...CONFIGURATION];
}

function digestOf(files) {
  const hash = createHash('sha256').update(readFileSync(import.meta.filename));
  for (const file of files.filter(existsSync).sort()) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 12);
}

/**
 * Builds in a folder beside and moves it into its place, so that a build that exists is complete. SWC compiles each file
 * on its own without a check of types, in a tenth of the time. `npm test` and `npm run build:service` check the types.
 */
async function build() {
  const started = performance.now();
  // Not a temporary folder of Node's: that would be closed to all other users.
  const fresh = join(dist, `.new-${randomUUID()}`);
  mkdirSync(fresh);
  try {
    const files = code();
    await Promise.all(files.map((file) => compile(file, fresh)));
    packLibraries(fresh);
    renameSync(fresh, place);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`Compiled ${files.length} files in ${seconds} s\n`);
  } catch (error) {
    // Another process was faster, and has built the same.
    if (!existsSync(place)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** @throws naming the place of a syntax error. */
async function compile(file, folder) {
  const { code, map } = await transformFile(file, {
    swcrc: false,
    sourceMaps: true,
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: {
        legacyDecorator: true,
        decoratorMetadata: true,
        useDefineForClassFields: false,
        verbatimModuleSyntax: true,
      },
    },
  });
  const target = join(folder, file.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, `${code}//# sourceMappingURL=${basename(target)}.map\n`);
  writeFileSync(`${target}.map`, map);
}

/** Has the service find its packages by their names beside it, and not in `libs`, where they are built anew. */
function packLibraries(folder) {
  mkdirSync(join(folder, 'node_modules'));
  for (const library of readdirSync(join(folder, 'libs'))) {
    const manifest = manifestOf(join('libs', library));
    const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json');
    const packed = {
      name: manifest.name,
      type: 'module',
      exports: Object.fromEntries(entries.map((entry) => [entry, `./src${entry.slice(1)}/index.js`])),
    };
    const home = join(folder, 'node_modules', manifest.name);
    renameSync(join(folder, 'libs', library), home);
    writeFileSync(join(home, 'package.json'), JSON.stringify(packed, null, 2));
  }
  rmSync(join(folder, 'libs'), { recursive: true });
}

function pointTo(build) {
  const fresh = join(dist, `.main-${process.pid}.js`);
  writeFileSync(
    fresh,
    `// Written by scripts/build-service.mjs: starts the newest build, and marks it as in use by this process.
import { mkdirSync, writeFileSync } from 'node:fs';

const build = new URL('./${build}/', import.meta.url);
try {
  mkdirSync(new URL('running/', build), { recursive: true });
  writeFileSync(new URL(\`running/\${process.pid}\`, build), '');
} catch {
  // Where nothing can be written, nothing is built either.
}
await import(new URL('src/main.js', build).href);
`,
  );
  renameSync(fresh, join(dist, 'main.js'));
}

/** Removes older builds that no process runs, and the remains of builds that were interrupted. */
function sweep() {
  for (const entry of readdirSync(dist)) {
    const folder = join(dist, entry);
    const isOurs = entry.startsWith(PREFIX) || entry.startsWith('.new-');
    if (!isOurs || folder === place || isYoung(folder) || isRunning(folder)) continue;
    rmSync(folder, { recursive: true, force: true });
  }
}

function isYoung(folder) {
  return Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0) < REST;
}

function isRunning(folder) {
  const marks = join(folder, 'running');
  return existsSync(marks) && readdirSync(marks).some((pid) => isAlive(Number(pid)));
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function touch(folder) {
  const now = new Date();
  utimesSync(folder, now, now);
}
