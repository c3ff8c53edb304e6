import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { checkout, packageDir, tarballOf, type PackageName } from './packed.js';
import { run } from './run.js';
import { readTarball } from './tarball.js';

interface Layout {
  readonly name: PackageName;
  /** Folders of compiled files, and the kinds of file there. The CommonJS build, for old tools only, has no maps. */
  readonly builds: Readonly<Record<string, readonly string[]>>;
  readonly others: readonly string[];
  /** None for a package that is only a command. */
  readonly kindsOfImport: readonly string[];
  /** Commands run as ES modules only. */
  readonly notInCommonJs?: RegExp;
}

const WITH_MAPS = ['.js', '.js.map', '.d.ts', '.d.ts.map'];
const DUAL = {
  builds: { 'dist/esm': WITH_MAPS, 'dist/cjs': ['.js', '.d.ts'] },
  others: ['dist/cjs/package.json'],
  kindsOfImport: ['🟢 (CJS)', '🟢 (ESM)'],
};

const layouts: readonly Layout[] = [
  { name: 'nestjs-laaffic', ...DUAL },
  { name: 'nestjs-laaffic-outbox', ...DUAL },
  { name: 'nestjs-laaffic-verify', ...DUAL },
  { name: 'nestjs-embedded-postgres', ...DUAL },
  {
    name: 'laaffic-sandbox',
    ...DUAL,
    others: [...DUAL.others, 'bin/laaffic-sandbox.mjs'],
    notInCommonJs: /^cli[./]/,
  },
  { name: 'laaffic-cli', builds: { dist: WITH_MAPS }, others: ['bin/laaffic.mjs'], kindsOfImport: [] },
];

describe.each(layouts)('the packed $name', ({ name, builds, others, notInCommonJs }) => {
  const files = readTarball(tarballOf(name));
  const text = (path: string) => files.get(path)?.toString('utf8');

  it('holds its sources, what they compile to, its papers, and nothing else', () => {
    const sources = sourcesOf(name);
    const compiled = sources.flatMap((source) =>
      Object.entries(builds)
        .filter(([build]) => build !== 'dist/cjs' || notInCommonJs?.test(source) !== true)
        .flatMap(([build, suffixes]) => suffixes.map((suffix) => `${build}/${source.replace(/\.ts$/, suffix)}`)),
    );
    const papers = ['LICENSE', 'README.md', 'package.json'];

    expect([...files.keys()].sort()).toEqual(
      [...sources.map((source) => `src/${source}`), ...compiled, ...others, ...papers].sort(),
    );
  });

  it('carries the licence of the repository', () => {
    expect(text('LICENSE')).toBe(readFileSync(join(checkout, 'LICENSE'), 'utf8'));
  });

  it('carries every source that its source maps name', () => {
    const maps = [...files.keys()].filter((path) => path.endsWith('.map'));
    const named = maps.flatMap((map) => {
      const { sources } = JSON.parse(text(map)!) as { sources: string[] };
      return sources.map((source) => posix.join(posix.dirname(map), source));
    });

    expect(new Set(named)).toEqual(new Set(sourcesOf(name).map((source) => `src/${source}`)));
  });

  it('is at most five times as large as its sources, and small', () => {
    const size = (paths: readonly string[]) => paths.reduce((sum, path) => sum + files.get(path)!.length, 0);
    const all = [...files.keys()];

    expect(size(all) / size(all.filter((path) => path.startsWith('src/')))).toBeLessThan(5);
    expect(statSync(tarballOf(name)).size).toBeLessThan(800_000);
  });
});

it.each(layouts)(
  '$name passes publint, and its types resolve for every kind of import',
  async ({ name, kindsOfImport }) => {
    const [lint, types] = await Promise.all([
      run(checkout, 'npx', '--no-install', 'publint', 'run', tarballOf(name), '--strict'),
      run(checkout, 'npx', '--no-install', 'attw', tarballOf(name)),
    ]);

    expect(lint.stdout).toMatch(/All good!$/m);
    expect(new Set(types.stdout.match(/🟢 \((?:CJS|ESM)\)/g))).toEqual(new Set(kindsOfImport));
  },
);

function sourcesOf(name: PackageName): string[] {
  return readdirSync(join(packageDir(name), 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !/spec\.ts$/.test(path));
}
