import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type PackageName =
  | 'nestjs-laaffic'
  | 'nestjs-laaffic-outbox'
  | 'nestjs-laaffic-verify'
  | 'nestjs-embedded-postgres'
  | 'laaffic-sandbox'
  | 'laaffic-cli';

const folders: Record<PackageName, string> = {
  'nestjs-laaffic': 'laaffic',
  'nestjs-laaffic-outbox': 'laaffic-outbox',
  'nestjs-laaffic-verify': 'laaffic-verify',
  'nestjs-embedded-postgres': 'embedded-postgres',
  'laaffic-sandbox': 'laaffic-sandbox',
  'laaffic-cli': 'laaffic-cli',
};

export function isPackage(name: string): name is PackageName {
  return name in folders;
}

/** The temporary folder of this run; it is removed at the end. */
export const workDir = process.env.PACKED_PACKAGES!;

/** The copy of the repository in which the packages were packed. */
export const checkout = join(workDir, 'checkout');

/** A package's folder in the checkout. */
export function packageDir(name: PackageName): string {
  return join(checkout, 'libs', folders[name]);
}

/** A package's packed file. */
export function tarballOf(name: PackageName): string {
  const { version } = JSON.parse(readFileSync(join(packageDir(name), 'package.json'), 'utf8')) as { version: string };
  return join(workDir, 'tarballs', `${name}-${version}.tgz`);
}
