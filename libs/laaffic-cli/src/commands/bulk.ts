import type { BulkOptions } from 'nestjs-laaffic';
import { connect } from '../account/connection.js';
import { readEnvironment, type GatewaySettings } from '../account/read-environment.js';
import type { BulkArguments } from '../arguments/arguments.js';
import type { CommandIo } from '../command-io.js';
import { detectLayout, readRows } from '../input/layout.js';
import { LineIndex } from '../input/line-index.js';
import { openInput } from '../input/open-input.js';
import { preflight } from '../input/preflight.js';
import { readStdin } from '../input/read-stdin.js';
import { toRecipients } from '../input/recipients.js';
import { digest } from '../journal/fingerprint.js';
import { openRunJournal } from '../journal/run-journal.js';
import type { StderrLog } from '../output/stderr-log.js';
import { dryRun } from './dry-run.js';
import { followRun } from './follow-run.js';
import { checkRun } from './input-check.js';

/** Sends one text to every number of an input. An interrupted run can be resumed. @returns the exit code. */
export async function bulk(given: BulkArguments, io: CommandIo, log: StderrLog): Promise<number> {
  const content = given.content === '-' ? await readStdin(io.stdin, 'the content') : given.content;
  const settings = given.dryRun ? undefined : readEnvironment(io.env);
  const message = { content, senderId: given.senderId ?? settings?.senderId };
  const { concurrency, batchSize, duplicates, requestsPerSecond, recipientsPerSecond } = given;
  const options: BulkOptions = { concurrency, batchSize, duplicates };
  const input = await openInput(given.input, io.stdin);
  const layout = detectLayout(input, given);
  if (settings === undefined) {
    return dryRun(readRows(input.read(), layout), message, { ...given, options, unit: 'line' }, io);
  }

  const { digest: inputDigest, rows } = await preflight(input, layout, io.stop);
  const { sms, close } = await connect(settings, log, { requestsPerSecond, recipientsPerSecond });
  try {
    checkRun(sms, message, options);
    const path = given.journal ?? (input.isFile ? defaultJournal(given.input, settings) : undefined);
    const fingerprint = {
      message: digest(message.content, message.senderId),
      input: inputDigest,
      layout: digest(layout),
      account: digest(settings.account?.appId, settings.baseUrl),
    };
    const previousRun = path === undefined ? undefined : await openRunJournal(path, fingerprint);
    try {
      const lines = new LineIndex();
      const recipients = toRecipients(readRows(input.read(), layout), lines);
      const run = sms.sendBulk(recipients, message, { ...options, signal: io.stop, journal: previousRun?.journal });
      return await followRun(run, { given, rows, previousRun, lines }, io, log);
    } finally {
      await previousRun?.close();
    }
  } finally {
    await close();
  }
}

/** A trial with a sandbox has a journal of its own because it sends no real message. */
function defaultJournal(input: string, { account }: GatewaySettings): string {
  return account === undefined ? `${input}.sandbox.laaffic.jsonl` : `${input}.laaffic.jsonl`;
}
