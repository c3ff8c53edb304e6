import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { until } from '../until.js';

/** The path of `postmaster.pid` of the server with this folder. */
export const lockFileOf = (dataDir: string) => join(dataDir, 'cluster', 'data', 'postmaster.pid');

export const pidOf = (dataDir: string) => Number(readFileSync(lockFileOf(dataDir), 'utf8').split('\n')[0]);

/** Whether a process runs. A process that has ended and that its parent has not asked for does not. */
export function isAlive(pid: number): boolean {
  const state = execFileSync('sh', ['-c', `ps -o stat= -p ${pid} || true`], { encoding: 'utf8' }).trim();
  return state !== '' && !state.startsWith('Z');
}

/** The ids of all processes with a text in their arguments. */
export function processesWith(text: string): number[] {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(text) && !/^ *\d+ Z/.test(line)).map((line) => Number.parseInt(line));
}

/** Kills a server that a failed test has left. Any process named in such a file was started here too. */
export async function killServer(dataDir: string): Promise<void> {
  if (!existsSync(lockFileOf(dataDir))) return;
  const pid = pidOf(dataDir);
  if (!(pid > 1) || pid === process.pid || !isAlive(pid)) return;
  process.kill(pid, 'SIGQUIT');
  await until(() => !isAlive(pid) || !existsSync(lockFileOf(dataDir)));
}

export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const connection = new Client(url);
  connection.on('error', () => undefined);
  await connection.connect();
  try {
    return (await connection.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await connection.end();
  }
}

/** Checks that a table of numbered rows has all of them from 1, and at least those that were acknowledged. */
export async function expectRows(url: string, acknowledged: number): Promise<void> {
  const [row] = await query(url, 'select count(*)::int, max(n) from rows');
  expect(row!['count']).toBeGreaterThanOrEqual(acknowledged);
  expect(row!['count']).toBe(row!['max']);
}
