import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { Programs } from './programs.js';
import type { ServerFolder } from './server-folder.js';

/** The data of a server, and the password of its superuser `postgres`. */
export interface Cluster {
  /** PostgreSQL calls it PGDATA. */
  readonly data: string;
  readonly password: string;
}

const UNFINISHED = '.new-';

/**
 * Opens the cluster of a server, and creates it the first time. It is created in a temporary folder and then moved to its
 * place, so an existing one is always complete. If several processes create one, one of them is kept.
 * @param signal aborts when creating it takes too long.
 * @throws {EmbeddedPostgresError}
 */
export async function openCluster(folder: ServerFolder, programs: Programs, signal: AbortSignal): Promise<Cluster> {
  const place = join(folder.path, 'cluster');
  if (!(await exists(place))) {
    const fresh = await mkdtemp(join(folder.path, UNFINISHED));
    try {
      await createCluster(fresh, folder, programs, signal);
      await rename(fresh, place);
      await syncFolder(folder.path);
    } catch (error) {
      // Another process was faster, and may have removed our folder.
      if (!(await exists(place))) throw error;
    } finally {
      await remove(fresh);
    }
    await removeUnfinished(folder.path);
  }
  return { data: join(place, 'data'), password: await readPassword(join(place, 'password')) };
}

async function createCluster(
  place: string,
  { runAs }: ServerFolder,
  programs: Programs,
  signal: AbortSignal,
): Promise<void> {
  const secret = join(place, 'password');
  await writeFile(secret, randomBytes(24).toString('base64url'), { mode: 0o600, flush: true });
  if (runAs !== undefined) {
    await chown(place, runAs.uid, runAs.gid);
    await chown(secret, runAs.uid, runAs.gid);
  }
  // --locale=C exists on every platform. The builtin provider supports all of Unicode without the system's locales.
  const settings = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=postgres', `--pwfile=${secret}`, '--auth=scram-sha-256'];
  try {
    await promisify(execFile)(programs.initdb, [`--pgdata=${join(place, 'data')}`, ...access, ...settings], {
      ...programs.options,
      signal,
      killSignal: 'SIGKILL',
    });
  } catch (error) {
    if (signal.aborted) {
      const message = 'Creating the cluster took too long. Set a higher startTimeoutMs.';
      throw new EmbeddedPostgresError('EMBEDDED_POSTGRES_TIMEOUT', message, { cause: error });
    }
    throw initdbFailed(error);
  }
  await chmod(place, 0o700);
}

function initdbFailed(error: unknown): EmbeddedPostgresError {
  const { stderr = '', message } = error as Error & { stderr?: string };
  if (stderr.includes('could not look up effective user ID')) {
    return new EmbeddedPostgresError(
      'EMBEDDED_POSTGRES_NO_USER',
      `PostgreSQL cannot run as this user, because /etc/passwd has no entry for it: ${stderr.trim()}. ` +
        'Run as a user with an entry, or use a PostgreSQL of your own.',
      { cause: error },
    );
  }
  const output = stderr.trim() === '' ? message : stderr.trim();
  return new EmbeddedPostgresError('EMBEDDED_POSTGRES_FAILED', `initdb failed:\n${output}`, { cause: error });
}

async function readPassword(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new EmbeddedPostgresError(
      'EMBEDDED_POSTGRES_PASSWORD',
      `The password in ${path} cannot be read; does the folder belong to another user?`,
      { cause: error },
    );
  }
}

/** Removes the unfinished clusters of processes that died. They are of no use once there is a cluster. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(UNFINISHED)) await remove(join(folder, name));
  }
}

/** A folder cannot be removed while another process works in it. That process removes it. */
async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}

/** initdb has synced its files to disk. This syncs the name of their folder. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
