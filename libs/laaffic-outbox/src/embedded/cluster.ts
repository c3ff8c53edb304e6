import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Deadline } from './deadline.js';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import type { Home } from './home.js';
import type { Programs } from './programs.js';

/** The data of a server, and the password of its superuser `postgres`. */
export interface Cluster {
  /** PostgreSQL calls it PGDATA. */
  readonly data: string;
  readonly password: string;
}

const UNFINISHED = '.new-';

/**
 * Opens the cluster of a home, and creates it the first time. It is created in a temporary folder and then moved to its
 * place, so an existing one is always complete. If several processes create one, one of them is kept.
 * @throws {EmbeddedPostgresError}
 */
export async function openCluster(home: Home, programs: Programs, deadline: Deadline): Promise<Cluster> {
  const place = join(home.folder, 'cluster');
  if (!(await exists(place))) {
    const fresh = await mkdtemp(join(home.folder, UNFINISHED));
    try {
      await makeCluster(fresh, home, programs, deadline);
      await rename(fresh, place);
      await syncFolder(home.folder);
    } catch (error) {
      // Another process was faster, and may have removed our folder.
      if (!(await exists(place))) throw error;
    } finally {
      await sweepAway(fresh);
    }
    await sweep(home.folder);
  }
  return { data: join(place, 'data'), password: await readPassword(join(place, 'password')) };
}

async function makeCluster(folder: string, home: Home, programs: Programs, deadline: Deadline): Promise<void> {
  const secret = join(folder, 'password');
  await writeFile(secret, randomBytes(24).toString('base64url'), { mode: 0o600, flush: true });
  if (home.runAs !== undefined) {
    const { uid, gid } = home.runAs;
    await chown(folder, uid, gid);
    await chown(secret, uid, gid);
  }
  // --locale=C exists on every platform. The builtin provider supports all of Unicode without the system's locales.
  const settings = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=postgres', `--pwfile=${secret}`, '--auth=scram-sha-256'];
  try {
    await promisify(execFile)(programs.initdb, [`--pgdata=${join(folder, 'data')}`, ...access, ...settings], {
      ...programs.options,
      timeout: Math.ceil(deadline.left) + 1,
      killSignal: 'SIGKILL',
    });
  } catch (error) {
    if (deadline.hasPassed) {
      throw new EmbeddedPostgresError('EMBEDDED_POSTGRES_TIMEOUT', 'Creating the cluster took too long.', {
        cause: error,
      });
    }
    throw initdbFailed(error);
  }
  await chmod(folder, 0o700);
}

function initdbFailed(error: unknown): EmbeddedPostgresError {
  const { stderr = '', message } = error as Error & { stderr?: string };
  if (stderr.includes('could not look up effective user ID')) {
    return new EmbeddedPostgresError(
      'EMBEDDED_POSTGRES_NO_USER',
      `PostgreSQL cannot run as this user, because /etc/passwd has no entry for it: ${stderr.trim()}. ` +
        'Run as a user with an entry, or run PostgreSQL elsewhere and set DATABASE_URL.',
      { cause: error },
    );
  }
  const words = stderr.trim() === '' ? message : stderr.trim();
  return new EmbeddedPostgresError('EMBEDDED_POSTGRES_FAILED', `initdb failed:\n${words}`, { cause: error });
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
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(UNFINISHED)) await sweepAway(join(folder, name));
  }
}

/** A folder cannot be removed while another process works in it. That process removes it. */
async function sweepAway(folder: string): Promise<void> {
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
