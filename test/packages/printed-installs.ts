import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, isPackage, packageDir, tarballOf } from './packed.js';

export type NestVersion = '11' | '12';

interface PrintedInstall {
  /** What follows `npm install`. */
  readonly line: string;
  /** The one that the sentence before names. */
  readonly nest: string | undefined;
}

const PRINTED = /(?:NestJS (1\d)[^\n]*:\n\n)?^```sh\nnpm install ([^\n]+)\n```$|`npm install ([^`\n]+)`/gm;

const pages = [
  ...(
    [
      'nestjs-laaffic',
      'nestjs-laaffic-outbox',
      'nestjs-laaffic-verify',
      'nestjs-embedded-postgres',
      'laaffic-sandbox',
    ] as const
  ).map((name) => join(packageDir(name), 'README.md')),
  join(checkout, 'docs/testing.md'),
];

/** Every `npm install` that the READMEs of the packages for apps and the page about tests print. */
export const printedInstalls: readonly PrintedInstall[] = pages.flatMap((file) => {
  const page = readFileSync(file, 'utf8');
  return [...page.matchAll(PRINTED)].map(([, nest, block, inline]) => ({ line: block ?? inline ?? '', nest }));
});

/** The arguments of those that are for an app on a version of Nest; our own packages come from their packed files. */
export function installArguments(version: NestVersion): string[][] {
  return printedInstalls
    .filter(({ nest }) => nest === undefined || nest === version)
    .map(({ line }) => line.split(' ').map((word) => (isPackage(word) ? tarballOf(word) : word)));
}
