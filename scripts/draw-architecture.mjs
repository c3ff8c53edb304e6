// Draws docs/architecture.svg, the picture of the rooms, from the imports in the code. With `--check`, fails if the code
// has other imports than the picture. It needs what `npm ci --prefix docs` installs; the check does not.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const PICTURE = 'docs/architecture.svg';
/** Nearly every file imports these, and what every app imports imports everything: their arrows would hide the others. */
const LEFT_OUT =
  'errors/|messages/|options/|index|laaffic\\.module|client-address|clock|randomness|on-abort|exact-json|linked-queue|loopback';

const dot = execFileSync(
  process.execPath,
  [
    ...['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.mjs'],
    ...['--output-type', 'dot', '--include-only', '^libs/laaffic/src/'],
    ...['--collapse', '^libs/laaffic/src/(gateway/[^/]+|[^/]+)'],
    ...['--exclude', `\\.(spec|types)\\.ts$|^libs/laaffic/src/(${LEFT_OUT})`, 'libs/laaffic/src'],
  ],
  { encoding: 'utf8' },
);
const mark = `<!-- ${createHash('sha256').update(dot).digest('hex')} -->`;
if (process.argv.includes('--check')) {
  if (!readFileSync(PICTURE, 'utf8').endsWith(`${mark}\n`)) {
    throw new Error(`${PICTURE} shows other imports than the code has: run npm run architecture:graph`);
  }
} else {
  const graphviz = createRequire(new URL('../docs/package.json', import.meta.url)).resolve('@hpcc-js/wasm-graphviz');
  const { Graphviz } = await import(pathToFileURL(graphviz).href);
  writeFileSync(PICTURE, `${(await Graphviz.load()).dot(dot).trim()}\n${mark}\n`);
}
