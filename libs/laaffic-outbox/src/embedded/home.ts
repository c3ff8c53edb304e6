import { createHash } from 'node:crypto';
import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { canEnter, isRoot, NOBODY, type RunAs } from './run-as.js';

/** The folder of a server, and as whom its programs run. */
export interface Home {
  readonly folder: string;
  /** Undefined: as this process. */
  readonly runAs: RunAs | undefined;
}

/** Where things of root's servers are that `nobody` could not reach in their places. */
export const SHARED = '/var/lib/nestjs-laaffic-outbox';

/**
 * Makes the folder of a server. Usually `dataDir` itself; for root, whose servers run as `nobody`, a
 * folder in `shared` if `nobody` cannot enter `dataDir`. Where there is a cluster, it stays, and its
 * server runs as the owner of the cluster.
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

/** A folder that was there keeps its mode. */
async function makeEnterable(folder: string): Promise<void> {
  if ((await mkdir(folder, { recursive: true })) !== undefined) await chmod(folder, 0o755);
}
