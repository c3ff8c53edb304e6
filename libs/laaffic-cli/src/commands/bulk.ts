import { BulkStoppedError, type BulkOptions, type BulkRun } from 'nestjs-laaffic';
import { connect } from '../account/connection.js';
import { readEnvironment, type GatewaySettings } from '../account/read-environment.js';
import type { BulkArguments } from '../arguments/arguments.js';
import type { CommandIo } from '../command-io.js';
import { exitCodeOf, interruptionOf } from '../exit-code.js';
import { InputError } from '../input/input.error.js';
import { layoutOf, rowsOf } from '../input/layout.js';
import { LineIndex } from '../input/line-index.js';
import { openInput } from '../input/open-input.js';
import { readText } from '../input/read-text.js';
import { survey } from '../input/survey.js';
import { digest } from '../journal/fingerprint.js';
import { openRunJournal, type RunJournal } from '../journal/run-journal.js';
import { Tally } from '../journal/tally.js';
import { grouped } from '../output/counted.js';
import type { Notes } from '../output/notes.js';
import { Progress } from '../output/progress.js';
import { BulkResults } from './bulk-results.js';
import { checkRun } from './check-run.js';
import { dryRun } from './dry-run.js';
import { positioned } from './positioned.js';

/** Sends one text to everybody in an input, resumably. */
export async function bulk(given: BulkArguments, io: CommandIo, notes: Notes): Promise<number> {
  const content = given.content === '-' ? await readText(io.stdin, 'the content') : given.content;
  const settings = given.dryRun ? undefined : readEnvironment(io.env);
  const message = { content, senderId: given.sender ?? settings?.senderId };
  const { concurrency, requestSize, duplicates, requestsPerSecond, recipientsPerSecond } = given;
  const options: BulkOptions = { concurrency, requestSize, duplicates };
  const input = await openInput(given.input, io.stdin);
  const layout = layoutOf(input, given);
  if (settings === undefined) {
    return dryRun(rowsOf(input.read(), layout), message, { ...given, options, unit: 'line' }, io);
  }

  const { digest: inputDigest, rows } = await survey(input, layout, io.stop);
  const { sms, close } = await connect(settings, notes, { requestsPerSecond, recipientsPerSecond });
  try {
    checkRun(sms, message, options);
    const path = given.journal ?? (input.isFile ? defaultJournal(given.input, settings) : undefined);
    const fingerprint = {
      message: digest(message.content, message.senderId),
      input: inputDigest,
      layout: digest(layout),
      account: digest(settings.account?.appId, settings.baseUrl),
    };
    const held = path === undefined ? undefined : await openRunJournal(path, fingerprint);
    try {
      const lines = new LineIndex();
      const run = sms.sendBulk(positioned(rowsOf(input.read(), layout), lines), message, {
        ...options,
        signal: io.stop,
        journal: held?.journal,
      });
      return await follow(run, { given, rows, held, lines, path }, io, notes);
    } finally {
      await held?.close();
    }
  } finally {
    await close();
  }
}

interface Surroundings {
  readonly given: BulkArguments;
  readonly rows: number | undefined;
  readonly held: RunJournal | undefined;
  readonly lines: LineIndex;
  readonly path: string | undefined;
}

/** Shows what becomes of a run, to its end. */
async function follow(
  run: BulkRun,
  { given, rows, held, lines, path }: Surroundings,
  io: CommandIo,
  notes: Notes,
): Promise<number> {
  const before = held?.before ?? new Tally();
  const results = new BulkResults(io.stdout, given.json, lines);
  const progress = new Progress(io, given.quiet, before.settled);
  const left = held?.journal.unsettled ?? [];
  if (before.settled > 0) {
    const open = left.length === 0 ? '' : `, ${grouped(before.unsettled)} of them unsettled`;
    notes.say(`resuming ${path ?? ''}: ${grouped(before.settled)} were settled before${open}`);
  }
  if (left.length > 0) {
    notes.say(
      `unsettled: a killed run left ${grouped(before.unsettled)} recipients in requests that may have been sent. ` +
        'They are not sent again; find out by delivery reports, or the lines "unsettled" of this run',
    );
  }
  await results.unsettled(left);

  const onStop = () => {
    if (io.stop.reason === 'SIGPIPE') return;
    progress.clear();
    notes.say('stopping when the requests under way have ended; another Ctrl+C ends at once');
  };
  io.stop.addEventListener('abort', onStop, { once: true });

  const tally = new Tally();
  const sum = () => tally.plus(before);
  let stopped: unknown;
  try {
    for await (const receipt of run) {
      tally.add(receipt);
      await results.receipt(receipt);
      lines.forgetBefore(receipt.first + receipt.count);
      const { settled, rejected, unknown } = sum();
      progress.show({ done: settled, total: rows, rejected, unknown });
    }
  } catch (error) {
    stopped = error;
  }
  io.stop.removeEventListener('abort', onStop);
  progress.clear();
  const total = sum();
  if (stopped instanceof InputError && total.settled === 0) throw stopped;
  if (stopped === undefined && !io.stop.aborted && total.settled === 0) {
    throw new InputError('the input is empty: give numbers, one a row');
  }
  const { unsettled, unknown, rejected } = total;
  // Taken now: a reader may leave while the last line is written.
  const isInterrupted = io.stop.aborted;
  const exitCode = isInterrupted
    ? interruptionOf(io.stop)
    : exitCodeOf({ isStopped: stopped !== undefined, unsettled, unknown, rejected });
  await results.end(total, { before: before.settled, rows, exitCode, settled: run.settled });
  if (stopped !== undefined) notes.say(reasonOf(stopped));
  if (stopped !== undefined || isInterrupted) notes.say(whatNext(path));
  return exitCode;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof BulkStoppedError ? error.cause : error;
  return `stopped: ${cause instanceof Error ? cause.message : String(cause)}`;
}

function whatNext(path: string | undefined): string {
  return path === undefined
    ? 'there is no journal: the same command again would send to everybody again'
    : `run the same command again to go on; ${path} keeps it from sending to anybody twice`;
}

/** Of a trial with a sandbox there is another: the messages are to be sent yet. */
function defaultJournal(input: string, { account }: GatewaySettings): string {
  return account === undefined ? `${input}.sandbox.laaffic.jsonl` : `${input}.laaffic.jsonl`;
}
