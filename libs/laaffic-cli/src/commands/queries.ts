import { LaafficException, type DeliveryReport, type SmsService } from 'nestjs-laaffic';
import { connect } from '../account/connection.js';
import { readEnvironment } from '../account/read-environment.js';
import type { BalanceArguments, ReportsArguments } from '../arguments/arguments.js';
import { InterruptedError, UsageError } from '../command.error.js';
import type { CommandIo } from '../command-io.js';
import { EXIT_CODES } from '../exit-codes.js';
import { readStdin } from '../input/read-stdin.js';
import { ResultWriter } from '../output/result-writer.js';
import type { StderrLog } from '../output/stderr-log.js';
import { toUsageError } from './input-check.js';

const MAX_ID_LIST_BYTES = 64 * 1024 * 1024;

/** Prints the balance of the account. @returns the exit code. */
export function balance({ json }: BalanceArguments, io: CommandIo, log: StderrLog): Promise<number> {
  const results = new ResultWriter(io.stdout);
  return query(
    (sms) => sms.getBalance({ signal: io.stop }),
    async (amounts) => {
      if (json) await results.writeJson(amounts);
      else await results.writeLines(Object.entries(amounts).map(([name, amount]) => `${name} ${String(amount)}`));
    },
    io,
    log,
  );
}

/** Prints the delivery reports of messages. @returns the exit code. */
export async function reports({ json, msgIds }: ReportsArguments, io: CommandIo, log: StderrLog): Promise<number> {
  const results = new ResultWriter(io.stdout);
  const ids = msgIds.includes('-') ? [...msgIds.filter((id) => id !== '-'), ...(await readIds(io))] : msgIds;
  if (ids.length === 0) throw new UsageError('there are no message ids on stdin');
  return query(
    (sms) => sms.getDeliveryReports(ids, { signal: io.stop }),
    async (found) => {
      if (json) await results.writeJson(found);
      else await results.writeLines(found.map(reportLine));
    },
    io,
    log,
  );
}

/** Queries the gateway and prints the result. @returns the exit code. */
async function query<T>(
  request: (sms: SmsService) => Promise<T>,
  print: (result: T) => Promise<void>,
  { env, stop }: CommandIo,
  log: StderrLog,
): Promise<number> {
  const { sms, close } = await connect(readEnvironment(env), log);
  try {
    await print(await request(sms));
    return EXIT_CODES.ok;
  } catch (error) {
    if (!(error instanceof LaafficException)) throw error;
    if (stop.aborted) throw new InterruptedError();
    const usageError = toUsageError(error);
    if (usageError !== undefined) throw usageError;
    log.print(error.message);
    return EXIT_CODES.stopped;
  } finally {
    await close();
  }
}

async function readIds({ stdin }: CommandIo): Promise<string[]> {
  const text = await readStdin(stdin, 'the list of ids', MAX_ID_LIST_BYTES);
  return text.split(/[\s,]+/).filter((id) => id !== '');
}

function reportLine({ msgId, state, number, at, reason, price }: DeliveryReport): string {
  const facts = [msgId, state, number, at?.toISOString(), price && `${price.total} ${price.currency}`, reason];
  return facts.filter((fact) => fact !== undefined).join(' ');
}
