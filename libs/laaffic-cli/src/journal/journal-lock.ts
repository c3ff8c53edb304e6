import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { UsageError } from '../command.error.js';

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** Prevents two runs from using one journal at once: each would send what the other has not recorded yet. */
export class JournalLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Takes the lock, also from a process that no longer runs.
   * @throws {UsageError} if another run holds it.
   */
  static async acquire(path: string): Promise<JournalLock> {
    const own: Holder = { pid: process.pid, host: hostname() };
    for (const isLastTry of [false, true]) {
      try {
        await writeFile(path, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
        return new JournalLock(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = await readHolder(path);
      if (isLastTry || holder === undefined || holder.host !== own.host || isRunning(holder.pid)) {
        const who = holder === undefined ? 'another run' : `process ${holder.pid} on ${holder.host}`;
        throw new UsageError(
          `${who} is using this journal: wait until it ends, or remove ${path} if it no longer runs`,
        );
      }
      await rm(path, { force: true });
    }
    throw new UsageError(`${path} cannot be created`);
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder> | null;
    const { pid, host } = holder ?? {};
    return Number.isSafeInteger(pid) && typeof host === 'string' ? { pid: Number(pid), host } : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
