import { LaafficException, SmsReceipt } from 'nestjs-laaffic';
import { connect } from '../account/connection.js';
import { readEnvironment } from '../account/read-environment.js';
import type { SendArguments } from '../arguments/arguments.js';
import type { CommandIo } from '../command-io.js';
import { exitCodeOf, EXIT } from '../exit-code.js';
import { recipientOf } from '../input/recipient-of.js';
import { readText } from '../input/read-text.js';
import type { Notes } from '../output/notes.js';
import { acceptedLines, otherLines } from '../output/receipt-lines.js';
import { Results } from '../output/results.js';
import { dryRun } from './dry-run.js';
import { refusedInput } from './refused-input.js';

/** Sends one text to those that are named, in one request. */
export async function send(given: SendArguments, io: CommandIo, notes: Notes): Promise<number> {
  const content = given.content === '-' ? await readText(io.stdin, 'the content') : given.content;
  const { sender: senderId, json } = given;
  const to = given.to.map((number) => recipientOf(number));
  if (given.dryRun) {
    const rows = to.map((recipient, index) => ({ recipient, line: index + 1 }));
    return dryRun(rows, { content, senderId }, { ...given, options: {}, unit: 'recipient' }, io);
  }
  const results = new Results(io.stdout);
  const { sms, close } = await connect(readEnvironment(io.env), notes);
  try {
    // Without the signal: what becomes of a request that is under way could not be known.
    const receipt = await sms.send({ to, content, senderId });
    await show(receipt, json, results);
    return exitCodeOf(endingOf(receipt));
  } catch (error) {
    if (!(error instanceof LaafficException)) throw error;
    const refused = refusedInput(error);
    if (refused !== undefined) throw refused;
    notes.say(error.message);
    const receipt = error.receipt ?? new SmsReceipt([]);
    await show(receipt, json, results, error);
    return error.outcome === 'unknown' ? EXIT.unknown : EXIT.rejected;
  } finally {
    await close();
  }
}

function endingOf({ rejected, unknown }: SmsReceipt) {
  return { isStopped: false, unsettled: 0, unknown: unknown.length, rejected: rejected.length };
}

async function show(receipt: SmsReceipt, json: boolean, results: Results, error?: LaafficException): Promise<void> {
  const { accepted, rejected, unknown } = receipt;
  if (json) {
    await results.json({ accepted, rejected, unknown, ...(error !== undefined && { error: error.toJSON() }) });
    return;
  }
  await results.lines([...acceptedLines(receipt), ...otherLines(receipt)]);
}
