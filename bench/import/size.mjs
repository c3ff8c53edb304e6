// What some packages weigh when installed: their files and those of all that they need, each package once.
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PACKAGE = /^(@[^/]+\/)?[^/]+/;

/** In MB. Peers count too, optional ones do not; optional dependencies count where they are installed. */
export function installedSize(entries) {
  const seen = new Map();
  for (const entry of entries) visit(PACKAGE.exec(entry)[0], import.meta.dirname, seen);
  return [...seen.values()].reduce((sum, size) => sum + size, 0) / 1e6;
}

function visit(name, from, seen) {
  const folder = folderOf(name, from);
  if (folder === undefined || seen.has(folder)) return;
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = manifestOf(folder);
  seen.set(folder, folder.includes('node_modules') ? sizeOf(folder) : packedSize(folder));
  const peers = Object.keys(peerDependencies ?? {}).filter((peer) => peerDependenciesMeta?.[peer]?.optional !== true);
  const needed = [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
  for (const other of needed) visit(other, folder, seen);
}

/** Where Node finds the package: in the nearest node_modules upwards. */
function folderOf(name, from) {
  const folder = join(from, 'node_modules', name);
  if (existsSync(folder)) return realpathSync(folder);
  return dirname(from) === from ? undefined : folderOf(name, dirname(from));
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function sizeOf(folder) {
  let size = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isFile()) size += lstatSync(path).size;
    else if (entry.isDirectory() && entry.name !== 'node_modules') size += sizeOf(path);
  }
  return size;
}

/** Of a package of the workspace, what is published of its folder. */
function packedSize(folder) {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'];
  const [{ unpackedSize }] = JSON.parse(execFileSync('npm', args, { cwd: folder, encoding: 'utf8' }));
  return unpackedSize;
}
