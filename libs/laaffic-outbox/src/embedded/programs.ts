import { chmod, cp, mkdtemp, mkdir, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SHARED, type Home } from './home.js';
import { linkLibraries } from './libraries.js';
import { canEnter } from './run-as.js';

/** PostgreSQL's programs in a place where they can run, and how to run them. */
export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  readonly options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly uid?: number;
    readonly gid?: number;
    readonly windowsHide: true;
  };
}

/**
 * Environment variables for the programs. The server outlives the app, so it gets nothing else of the app's
 * environment.
 */
const KEPT = ['PATH', 'TZ', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot'];

/**
 * Makes PostgreSQL's programs runnable for a home. If the user of the home cannot reach the binaries, they are copied
 * to `shared`, about 60 MB, once for each version.
 */
export async function preparePrograms(native: string, home: Home, shared = SHARED): Promise<Programs> {
  const place = await reachable(await realpath(native), home, shared);
  const libraries = await linkLibraries(place, join(home.folder, 'lib'));
  const bin = (name: string) => join(place, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  const env: Record<string, string> = { LC_ALL: 'C' };
  for (const name of KEPT) if (process.env[name] !== undefined) env[name] = process.env[name];
  if (libraries.length > 0) {
    env[process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH'] = libraries.join(':');
  }
  return {
    initdb: bin('initdb'),
    postgres: bin('postgres'),
    pgCtl: bin('pg_ctl'),
    options: { cwd: home.folder, env, windowsHide: true, ...home.runAs },
  };
}

async function reachable(native: string, { runAs }: Home, shared: string): Promise<string> {
  if (runAs === undefined || (await canEnter(join(native, 'lib'), runAs))) return native;
  const manifest = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as Record<string, unknown>;
  const copy = join(shared, `${basename(dirname(native))}-${String(manifest['version'])}`);
  if (await isFolder(copy)) return join(copy, 'native');
  await mkdir(shared, { recursive: true });
  const fresh = await mkdtemp(join(shared, '.new-'));
  try {
    await cp(native, join(fresh, 'native'), { recursive: true, verbatimSymlinks: true });
    await openToAll(fresh);
    await rename(fresh, copy);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    // Another process was faster.
    if (!(await isFolder(copy))) throw error;
  }
  return join(copy, 'native');
}

/** Binaries that were installed with a strict umask are readable by root only, and so is their copy. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
