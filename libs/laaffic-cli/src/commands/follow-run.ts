import { BulkStoppedError, type BulkReceipt, type BulkRun } from 'nestjs-laaffic';
import type { BulkArguments } from '../arguments/arguments.js';
import { InputError } from '../command.error.js';
import type { CommandIo } from '../command-io.js';
import { exitCodeOf, signalExitCode } from '../exit-codes.js';
import type { LineIndex } from '../input/line-index.js';
import type { PreviousRun } from '../journal/run-journal.js';
import { RunTotals } from '../journal/run-totals.js';
import { formatCount, pluralize } from '../output/format.js';
import { Progress } from '../output/progress.js';
import type { StderrLog } from '../output/stderr-log.js';
import { BulkResults } from './bulk-results.js';

/** The circumstances of a run. */
export interface RunContext {
  readonly given: Pick<BulkArguments, 'json' | 'quiet'>;
  /** The number of rows in the input; `undefined` if it could not be counted. */
  readonly rows: number | undefined;
  /** `undefined` if the run has no journal. */
  readonly previousRun: PreviousRun | undefined;
  readonly lines: LineIndex;
}

/** Iterates a run to its end and prints its progress and results. @returns the exit code. */
export async function followRun(
  run: BulkRun,
  { given, rows, previousRun, lines }: RunContext,
  io: CommandIo,
  log: StderrLog,
): Promise<number> {
  const totals = previousRun?.totals ?? new RunTotals();
  const processedBefore = totals.processed;
  const results = new BulkResults(io.stdout, given.json, lines);
  const progress = new Progress(io, given.quiet, processedBefore);
  if (previousRun !== undefined) {
    printPreviousRun(previousRun, log);
    await results.writeUnfinished(previousRun.journal.unfinished);
  }

  const stopListening = onGracefulStop(io.stop, () => {
    progress.clear();
    log.print('stopping after the requests in flight finish; press Ctrl+C again to exit at once');
  });
  const stopError = await readReceipts(run, async (receipt) => {
    totals.add(receipt);
    await results.writeReceipt(receipt);
    lines.forgetBefore(receipt.first + receipt.count);
    progress.update({ done: totals.processed, total: rows, rejected: totals.rejected, unknown: totals.unknown });
  });
  stopListening();
  progress.clear();

  // Read before the last line is written: its reader may exit at that moment.
  const isInterrupted = io.stop.aborted;
  if (totals.processed === 0) checkNotEmpty(stopError, isInterrupted);
  const isStopped = stopError !== undefined;
  const { unfinished, unknown, rejected } = totals;
  const exitCode = isInterrupted ? signalExitCode(io.stop) : exitCodeOf({ isStopped, unfinished, unknown, rejected });
  await results.writeEnd(totals, { processedBefore, rows, exitCode, processed: run.processed });
  if (isStopped) log.print(`stopped: ${reasonOf(stopError)}`);
  if (isStopped || isInterrupted) log.print(nextStep(previousRun?.path));
  return exitCode;
}

function printPreviousRun({ path, totals, journal: { unfinished } }: PreviousRun, log: StderrLog): void {
  if (totals.processed > 0) {
    const suffix = unfinished.length === 0 ? '' : `, ${formatCount(totals.unfinished)} of them unfinished`;
    log.print(`resuming ${path}: ${pluralize(totals.processed, 'recipient')} processed before${suffix}`);
  }
  if (unfinished.length > 0) {
    log.print(
      `a killed run left ${pluralize(totals.unfinished, 'recipient')} in unfinished requests, which may have been sent and ` +
        'are not resent. The "unfinished" lines of this run list them; delivery reports show their outcome',
    );
  }
}

/** Calls back once the command is asked to stop, unless the reader of stdout has exited. @returns the unsubscriber. */
function onGracefulStop(stop: AbortSignal, callback: () => void): () => void {
  const listener = () => {
    if (stop.reason !== 'SIGPIPE') callback();
  };
  stop.addEventListener('abort', listener, { once: true });
  return () => {
    stop.removeEventListener('abort', listener);
  };
}

/** @returns the error that stopped the run, if any. */
async function readReceipts(run: BulkRun, onReceipt: (receipt: BulkReceipt) => Promise<void>): Promise<unknown> {
  try {
    for await (const receipt of run) await onReceipt(receipt);
    return undefined;
  } catch (error) {
    return error;
  }
}

function checkNotEmpty(stopError: unknown, isInterrupted: boolean): void {
  if (stopError instanceof InputError) throw stopError;
  if (stopError === undefined && !isInterrupted) throw InputError.empty();
}

function reasonOf(error: unknown): string {
  const cause = error instanceof BulkStoppedError ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function nextStep(journalPath: string | undefined): string {
  return journalPath === undefined
    ? 'there is no journal: the same command would send to every recipient again'
    : `run the same command again to continue; ${journalPath} prevents duplicate messages`;
}
