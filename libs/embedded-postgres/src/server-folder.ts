import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** The folder of a server, and the user that runs its programs. */
export interface ServerFolder {
  readonly path: string;
  /** `undefined`: the user of this process. */
  readonly runAs: SystemUser | undefined;
}

/** A user of the machine. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** For servers that root starts, if `nobody` cannot reach their own folder. */
export const SHARED = '/var/lib/nestjs-embedded-postgres';

/** PostgreSQL does not run as root. This user exists everywhere and has no rights. */
const NOBODY: SystemUser = { uid: 65534, gid: 65534 };

/**
 * Prepares the folder of a server. Usually it is `dataDir` itself. Servers of root run as `nobody`; if `nobody` cannot
 * enter `dataDir`, it is a folder in `shared`. An existing cluster stays where it is, and its server runs as the owner
 * of the cluster.
 */
export async function openServerFolder(dataDir: string, shared = SHARED): Promise<ServerFolder> {
  const own = resolve(dataDir);
  if (process.getuid?.() !== 0) {
    await mkdir(own, { recursive: true, mode: 0o700 });
    return { path: await realpath(own), runAs: undefined };
  }
  const name = `${basename(own)}-${createHash('sha256').update(own).digest('hex').slice(0, 12)}`;
  const other = join(shared, name);
  for (const path of [other, own]) {
    const runAs = await ownerOf(join(path, 'cluster', 'data'));
    if (runAs !== undefined) return { path: await realpath(path), runAs };
  }
  await makeEnterable(own);
  if (await canEnter(await realpath(own), NOBODY)) return { path: await realpath(own), runAs: NOBODY };
  await makeEnterable(shared);
  await makeEnterable(other);
  return { path: await realpath(other), runAs: NOBODY };
}

/** The port that the server had the last time. */
export async function lastPort({ path }: ServerFolder): Promise<number | undefined> {
  const text = await readFile(join(path, 'port'), 'utf8').catch(() => '');
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port < 65_536 ? port : undefined;
}

/** Stores the port of the server for its next start. If it cannot be stored, the next start may choose another one. */
export async function rememberPort(folder: ServerFolder, port: number): Promise<void> {
  if ((await lastPort(folder)) === port) return;
  await writeFile(join(folder.path, 'port'), String(port)).catch(() => undefined);
}

/** Whether a user may enter a folder and all its parents. Ignores access control lists. */
export async function canEnter(folder: string, user: SystemUser): Promise<boolean> {
  const { uid, gid, mode } = await stat(folder);
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  if (((mode >> shift) & 1) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || canEnter(parent, user);
}

async function ownerOf(folder: string): Promise<SystemUser | undefined> {
  try {
    const { uid, gid } = await stat(folder);
    return uid === 0 ? NOBODY : { uid, gid };
  } catch {
    return undefined;
  }
}

/** An existing folder keeps its mode. */
async function makeEnterable(folder: string): Promise<void> {
  if ((await mkdir(folder, { recursive: true })) !== undefined) await chmod(folder, 0o755);
}
