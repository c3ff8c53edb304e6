import { createHash } from 'node:crypto';
import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { canEnter, isRoot, NOBODY, type RunAs } from './run-as.js';

/** The folder of a server, and the user that runs its programs. */
export interface Home {
  readonly folder: string;
  /** `undefined`: the user of this process. */
  readonly runAs: RunAs | undefined;
}

/** For servers that root starts, if `nobody` cannot reach their own place. */
export const SHARED = '/var/lib/nestjs-laaffic-outbox';

/**
 * Prepares the folder of a server. Usually it is `dataDir` itself. Servers of root run as `nobody`; if `nobody` cannot
 * enter `dataDir`, it is a folder in `shared`. An existing cluster stays where it is, and its server runs as the owner
 * of the cluster.
 */
export async function homeFor(dataDir: string, shared = SHARED): Promise<Home> {
  const own = resolve(dataDir);
  if (!isRoot()) {
    await mkdir(own, { recursive: true, mode: 0o700 });
    return { folder: await realpath(own), runAs: undefined };
  }
  const name = `${basename(own)}-${createHash('sha256').update(own).digest('hex').slice(0, 12)}`;
  const other = join(shared, name);
  for (const folder of [other, own]) {
    const runAs = await ownerOf(join(folder, 'cluster', 'data'));
    if (runAs !== undefined) return { folder: await realpath(folder), runAs };
  }
  await makeEnterable(own);
  if (await canEnter(await realpath(own), NOBODY)) return { folder: await realpath(own), runAs: NOBODY };
  await makeEnterable(shared);
  await makeEnterable(other);
  return { folder: await realpath(other), runAs: NOBODY };
}

async function ownerOf(folder: string): Promise<RunAs | undefined> {
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
