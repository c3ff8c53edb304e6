import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, workDir } from './packed.js';
import { installArguments, type NestVersion } from './printed-installs.js';
import { npmInstall, run } from './run.js';

/** An app that `nest new` makes, and what is done with it. */
interface Recipe {
  readonly nest: NestVersion;
  readonly commandLine: string;
  /** What the programs of the fixtures need beside what the pages install. */
  readonly dependencies: Readonly<Record<string, string>>;
}

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

const BOTH = { '@opentelemetry/api': '^1.9.0', '@types/pg': '^8.16.0', 'csv-parse': '^7.0.3' };

const recipes = {
  'cjs-nest-11': {
    nest: '11',
    commandLine: '@nestjs/cli@11.0.24',
    dependencies: { ...BOTH, '@nestjs/platform-fastify': '^11.0.0', '@nestjs/terminus': '^11.0.0' },
  },
  'esm-nest-12': {
    nest: '12',
    commandLine: '@nestjs/cli@12.0.8',
    dependencies: { ...BOTH, '@nestjs/platform-fastify': '^12.0.0', '@nestjs/terminus': '^12.0.0' },
  },
} as const satisfies Record<string, Recipe>;

export type ConsumerName = keyof typeof recipes | typeof JEST_12;

/** What `nest new` of 12 makes for who chooses CommonJS and Jest at its prompt. */
export const JEST_12 = 'cjs-nest-12';

const fixtures = join(__dirname, 'fixtures');
const examples = join(checkout, 'examples');

export function dirOf(name: ConsumerName): string {
  return join(workDir, name);
}

/** Makes an app as its command line does, installs what the pages say, and adds what their readers write. */
export async function makeConsumer(name: keyof typeof recipes): Promise<void> {
  const { nest, commandLine, dependencies } = recipes[name];
  const dir = dirOf(name);
  mkdirSync(dir);
  // The app needs it too: in its own folder it is installed once.
  await npmInstall(dir, '--prefix', '.', '--no-save', '--no-package-lock', commandLine);
  const options = ['--package-manager', 'npm', '--skip-git', '--skip-install'];
  await run(dir, 'npx', '--no-install', 'nest', 'new', name, '--directory', '.', ...options);
  const tools = nest === '12' ? await makeJestConsumer(dir) : {};
  editManifest(dir, (manifest) => {
    manifest.dependencies = { ...manifest.dependencies, ...dependencies };
    manifest.devDependencies = { ...tools, ...manifest.devDependencies };
  });
  for (const args of installArguments(nest)) await npmInstall(dir, ...args);
  writeApp(dir, nest === '12' ? 'esm' : 'cjs');
  const programs = join(dir, 'test/programs');
  cpSync(join(fixtures, 'programs'), programs, { recursive: true });
  await run(dir, 'npx', '--no-install', 'tsc', '-p', join(programs, 'tsconfig.app.json'));
}

/** It shares its packages with the app that made it. @returns its tools, which that app has to install too. */
async function makeJestConsumer(from: string): Promise<Record<string, string>> {
  const dir = dirOf(JEST_12);
  const options = [`--name=${JEST_12}`, '--type=cjs', '--language=ts'];
  // What `nest new` runs: it passes its own options on, and asks for the type.
  await run(workDir, join(from, 'node_modules/.bin/schematics'), '@nestjs/schematics:application', ...options);
  symlinkSync(join(from, 'node_modules'), join(dir, 'node_modules'), 'junction');
  writeApp(dir, 'cjs');
  return readManifest(dir).devDependencies;
}

/** A module in the app, and the specs that the pages show. */
function writeApp(dir: string, type: 'esm' | 'cjs'): void {
  for (const folder of ['src', 'test']) {
    for (const file of readdirSync(join(fixtures, 'app', folder))) {
      const code = readFileSync(join(fixtures, 'app', folder, file), 'utf8');
      writeFileSync(join(dir, folder, file), type === 'esm' ? code : code.replace(/(?<=from '\..+)\.js(?=';)/g, ''));
    }
  }
  cpSync(join(examples, 'faking.spec.ts'), join(dir, 'src/faking.spec.ts'));
  cpSync(join(examples, 'testing.spec.ts'), join(dir, 'test/testing.e2e-spec.ts'));
  const suffix = type === 'esm' ? '.js' : '';
  edit(join(dir, 'src/app.module.ts'), [
    ['imports: []', 'imports: [NotificationsModule]'],
    ['\n\n@Module', `\nimport { NotificationsModule } from './notifications.module${suffix}';\n\n@Module`],
  ]);
  const main = readFileSync(join(dir, 'src/main.ts'), 'utf8');
  writeFileSync(join(dir, 'src/main.fastify.ts'), main);
  edit(join(dir, 'src/main.fastify.ts'), [
    ['create(AppModule)', 'create(AppModule, new FastifyAdapter())'],
    ["'@nestjs/core';\n", "'@nestjs/core';\nimport { FastifyAdapter } from '@nestjs/platform-fastify';\n"],
  ]);
}

/** Replaces each text, which must be there. */
export function edit(file: string, replacements: readonly (readonly [text: string | RegExp, by: string])[]): void {
  const edited = replacements.reduce(
    (code, [text, by]) => {
      const next = code.replace(text, () => by);
      if (next === code) throw new Error(`${file} has no ${String(text)}`);
      return next;
    },
    readFileSync(file, 'utf8'),
  );
  writeFileSync(file, edited);
}

function readManifest(dir: string): Manifest {
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Manifest;
}

function editManifest(dir: string, change: (manifest: Manifest) => void): void {
  const manifest = readManifest(dir);
  change(manifest);
  writeFileSync(join(dir, 'package.json'), JSON.stringify(manifest, undefined, 2));
}

/** Installs another Node. The package named `node` needs install scripts, those for one platform do not. */
export async function installNode(version: string): Promise<string> {
  const dir = join(workDir, `node-${version}`);
  const name = `node-${process.platform}-${process.arch}`;
  mkdirSync(dir);
  await npmInstall(dir, `${name}@${version}`);
  return join(dir, 'node_modules', name, 'bin', 'node');
}
