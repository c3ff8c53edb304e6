import { LaafficException, SmsReceipt } from 'nestjs-laaffic';
import { connect } from '../account/connection.js';
import { readEnvironment } from '../account/read-environment.js';
import type { SendArguments } from '../arguments/arguments.js';
import type { CommandIo } from '../command-io.js';
import { EXIT_CODES, exitCodeOf } from '../exit-codes.js';
import { readStdin } from '../input/read-stdin.js';
import { acceptedLines, notAcceptedLines } from '../output/receipt-lines.js';
import { ResultWriter } from '../output/result-writer.js';
import type { StderrLog } from '../output/stderr-log.js';
import { dryRun } from './dry-run.js';
import { toUsageError } from './input-check.js';

/** Sends one text to the given numbers in one request. @returns the exit code. */
export async function send(given: SendArguments, io: CommandIo, log: StderrLog): Promise<number> {
  const content = given.content === '-' ? await readStdin(io.stdin, 'the content') : given.content;
  const { senderId, json, to } = given;
  if (given.dryRun) {
    const rows = to.map((number, index) => ({ number, line: index + 1 }));
    return dryRun(rows, { content, senderId }, { ...given, options: {}, unit: 'recipient' }, io);
  }
  const results = new ResultWriter(io.stdout);
  const { sms, close } = await connect(readEnvironment(io.env), log);
  try {
    // No signal: aborting a request that was sent would make its outcome unknown.
    const receipt = await sms.send({ to, content, senderId });
    await printReceipt(receipt, json, results);
    const { rejected, unknown } = receipt;
    return exitCodeOf({ isStopped: false, unfinished: 0, unknown: unknown.length, rejected: rejected.length });
  } catch (error) {
    if (!(error instanceof LaafficException)) throw error;
    const usageError = toUsageError(error);
    if (usageError !== undefined) throw usageError;
    log.print(error.message);
    await printReceipt(error.receipt ?? new SmsReceipt([]), json, results, error);
    return error.outcome === 'unknown' ? EXIT_CODES.unknown : EXIT_CODES.rejected;
  } finally {
    await close();
  }
}

async function printReceipt(
  receipt: SmsReceipt,
  json: boolean,
  results: ResultWriter,
  error?: LaafficException,
): Promise<void> {
  const { accepted, rejected, unknown } = receipt;
  if (json) {
    await results.writeJson({ accepted, rejected, unknown, ...(error !== undefined && { error: error.toJSON() }) });
    return;
  }
  await results.writeLines([...acceptedLines(receipt), ...notAcceptedLines(receipt)]);
}
