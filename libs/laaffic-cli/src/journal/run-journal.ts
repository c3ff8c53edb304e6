import { stat } from 'node:fs/promises';
import { JournalError, JsonLinesJournal } from 'nestjs-laaffic';
import { UsageError } from '../command.error.js';
import { describeDifference, readFingerprint, writeFingerprint, type Fingerprint } from './fingerprint.js';
import { JournalLock } from './journal-lock.js';
import { RunTotals } from './run-totals.js';

/** What earlier processes of a run did, and the open journal that continues it. Empty for a new run. */
export interface PreviousRun {
  readonly path: string;
  readonly journal: JsonLinesJournal;
  readonly totals: RunTotals;
  close(): Promise<void>;
}

/**
 * Opens the journal at a path, or creates it. The file `<path>.run.json` beside it identifies the run, and
 * `<path>.lock` exists while the journal is open.
 * @throws {UsageError} if the journal belongs to another run, or another process uses it.
 */
export async function openRunJournal(path: string, own: Fingerprint): Promise<PreviousRun> {
  return withUsageErrors(path, async () => {
    const lock = await JournalLock.acquire(`${path}.lock`);
    try {
      await checkOwner(path, own);
      const journal = await JsonLinesJournal.open(path);
      const close = async () => {
        await journal.close();
        await lock.release();
      };
      try {
        return { path, journal, totals: await readTotals(path, journal), close };
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

async function checkOwner(path: string, own: Fingerprint): Promise<void> {
  const sidecar = `${path}.run.json`;
  const isNew = (await fileSize(path)) === 0;
  if (isNew) {
    await writeFingerprint(sidecar, own);
    return;
  }
  const found = await readFingerprint(sidecar);
  if (found === undefined) {
    throw new UsageError(`${path} exists without ${sidecar}, which identifies its run: use another --journal`);
  }
  const difference = describeDifference(found, own);
  if (difference === undefined) return;
  throw new UsageError(`${path} belongs to a run with ${difference}: use another --journal to start a new run`);
}

async function readTotals(path: string, journal: JsonLinesJournal): Promise<RunTotals> {
  const totals = new RunTotals();
  for await (const request of JsonLinesJournal.read(path)) totals.add(request);
  for (const { count } of journal.unfinished) totals.addUnfinished(count);
  return totals;
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

async function withUsageErrors<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof JournalError) throw new UsageError(error.message);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`cannot use the journal ${path}: ${message}`);
  }
}
