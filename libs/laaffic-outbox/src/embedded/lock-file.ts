import { execFile } from 'node:child_process';
import { link, readFile, readlink, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Cluster } from './cluster.js';

/** Reads the text of `postmaster.pid`; `undefined` if it does not exist. */
export async function readLockFile({ data }: Cluster): Promise<string | undefined> {
  try {
    return await readFile(join(data, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes a `postmaster.pid` that belongs to no server, unless a server has written one in the meantime. */
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

/** Whether the process with this id is a server of the cluster. `false` if the system does not tell. */
export async function isServer(pid: number, { data }: Cluster): Promise<boolean> {
  const folder = await realpath(data);
  try {
    // A server works in its data directory. A zombie process has no directory.
    if (process.platform === 'linux') return (await readlink(`/proc/${pid}/cwd`)) === folder;
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
    return stdout.includes(data);
  } catch {
    return false;
  }
}

/** Whether a process has this id. It need not be a server. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
