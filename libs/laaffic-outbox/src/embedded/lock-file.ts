import { link, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './cluster.js';

/** The text of `postmaster.pid`; undefined if there is none. */
export async function readLockFile({ data }: Cluster): Promise<string | undefined> {
  try {
    return await readFile(join(data, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes a `postmaster.pid` that belongs to no server, unless a server has meanwhile written one. */
export async function removeLockFile({ data }: Cluster, text: string): Promise<void> {
  const path = join(data, 'postmaster.pid');
  const aside = `${path}.stale-${process.pid}`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== text) await link(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Whether a process has this id; it need not be a server. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
