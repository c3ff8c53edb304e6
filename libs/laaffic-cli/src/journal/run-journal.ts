import { stat } from 'node:fs/promises';
import { JournalError, JsonLinesJournal } from 'nestjs-laaffic';
import { UsageError } from '../usage.error.js';
import { difference, readFingerprint, writeFingerprint, type Fingerprint } from './fingerprint.js';
import { JournalLock } from './journal-lock.js';
import { Tally } from './tally.js';

/** The journal of this run alone, with what earlier runs of it left. */
export interface RunJournal {
  readonly journal: JsonLinesJournal;
  /** What became of whom in earlier runs. */
  readonly before: Tally;
  close(): Promise<void>;
}

/**
 * Opens the journal at a path, or begins one. Beside it are `<path>.run.json`, which tells which run it
 * belongs to, and while it is open `<path>.lock`.
 * @throws {UsageError} if it belongs to another run, or another process has it.
 */
export async function openRunJournal(path: string, own: Fingerprint): Promise<RunJournal> {
  return usageErrors(path, async () => {
    const lock = await JournalLock.take(`${path}.lock`);
    try {
      await claim(path, own);
      const journal = await JsonLinesJournal.open(path);
      const close = async () => {
        await journal.close();
        await lock.release();
      };
      try {
        return { journal, before: await tallyOf(path, journal), close };
      } catch (error) {
        await journal.close();
        throw error;
      }
    } catch (error) {
      await lock.release();
      throw error;
    }
  });
}

async function claim(path: string, own: Fingerprint): Promise<void> {
  const sidecar = `${path}.run.json`;
  const isNew = (await sizeOf(path)) === 0;
  if (isNew) {
    await writeFingerprint(sidecar, own);
    return;
  }
  const found = await readFingerprint(sidecar);
  if (found === undefined) {
    throw new UsageError(`${path} is there, but not ${sidecar}, which tells what it is of: give another --journal`);
  }
  const other = difference(found, own);
  if (other === undefined) return;
  throw new UsageError(`${path} is the journal of ${other}: give another --journal to begin a new run`);
}

async function tallyOf(path: string, journal: JsonLinesJournal): Promise<Tally> {
  const tally = new Tally();
  for await (const request of JsonLinesJournal.read(path)) tally.add(request);
  for (const { count } of journal.unsettled) tally.addUnsettled(count);
  return tally;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

async function usageErrors<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof JournalError) throw new UsageError(error.message);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`the journal ${path} cannot be used: ${message}`);
  }
}
