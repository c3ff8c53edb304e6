import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, readlink, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Cluster } from './cluster.js';

/**
 * The content of `postmaster.pid`, the lock of a server's data directory. It does not tell whether the server is ready.
 */
export interface PostmasterPid {
  readonly pid: number;
  readonly port: number;
}

/** Reads the text of `postmaster.pid`; `undefined` if it does not exist. */
export async function readPostmasterPid({ data }: Cluster): Promise<string | undefined> {
  try {
    return await readFile(join(data, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @returns `undefined` if the file is incomplete: a server is writing it, or a crash has damaged it. */
export function parsePostmasterPid(text: string): PostmasterPid | undefined {
  const lines = text.split('\n');
  const pid = parseNumber(lines[0], 0x7fffffff);
  const port = parseNumber(lines[3], 65535);
  if (pid === undefined || port === undefined) return undefined;
  return { pid, port };
}

function parseNumber(line: string | undefined, max: number): number | undefined {
  if (line === undefined || !/^[1-9]\d{0,9}\s*$/.test(line)) return undefined;
  const value = Number(line);
  return value > max ? undefined : value;
}

/** Removes a `postmaster.pid` that belongs to no server, unless a server has written one in the meantime. */
export async function removePostmasterPid({ data }: Cluster, text: string): Promise<void> {
  const path = join(data, 'postmaster.pid');
  const aside = `${path}.stale-${randomUUID()}`;
  try {
    if ((await readFile(path, 'utf8')) !== text) return;
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
    // A server works in its data directory.
    if (process.platform === 'linux') return (await readlink(`/proc/${pid}/cwd`)) === folder;
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
    return stdout.includes(data);
  } catch {
    return false;
  }
}

/** Whether a process with this id runs. It need not be a server. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** A server whose parent does not collect its exit code has ended, but keeps its id. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    // The state follows the program's name, which is in parentheses and may contain any character.
    return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
