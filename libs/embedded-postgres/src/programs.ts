import {
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { canEnter, SHARED, type ServerFolder } from './server-folder.js';

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

/** A symlink of the package, relative to the package's folder: `native/lib/libpq.so.5.18`, `native/lib/libpq.so.5`. */
interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Makes PostgreSQL's programs runnable for a server. If its user cannot reach the binaries, they are copied to
 * `shared`, about 60 MB, once for each version.
 */
export async function preparePrograms(native: string, folder: ServerFolder, shared = SHARED): Promise<Programs> {
  const place = await reachableBinaries(await realpath(native), folder, shared);
  const libraries = await linkLibraries(place, join(folder.path, 'lib'));
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
    options: { cwd: folder.path, env, windowsHide: true, ...folder.runAs },
  };
}

async function reachableBinaries(native: string, { runAs }: ServerFolder, shared: string): Promise<string> {
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

/**
 * Creates the symlinks between libraries. npm packages cannot contain symlinks, and the postinstall script that creates
 * them may not run. If the package is read-only, they go into `spare`.
 * @returns the folders to search for libraries besides the binaries' own. Usually none.
 */
async function linkLibraries(native: string, spare: string): Promise<readonly string[]> {
  const root = dirname(native);
  const missing: Link[] = [];
  for (const link of await readLinks(native)) if (!(await exists(join(root, link.target)))) missing.push(link);
  try {
    for (const { source, target } of missing) {
      const path = join(root, target);
      await createLink(relative(dirname(path), join(root, source)), path);
    }
    return [];
  } catch {
    await mkdir(spare, { recursive: true, mode: 0o755 });
    for (const { source, target } of missing) await createLink(join(root, source), join(spare, basename(target)));
    return [spare, join(native, 'lib')];
  }
}

async function readLinks(native: string): Promise<readonly Link[]> {
  try {
    return JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as Link[];
  } catch {
    // Windows needs no symlinks, so the file is missing.
    return [];
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Several processes may do this at once. */
async function createLink(source: string, path: string): Promise<void> {
  await symlink(source, path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}
