import type { DeliveryReport } from 'nestjs-laaffic';
import type { ReportsArguments } from '../arguments/arguments.js';
import type { CommandIo } from '../command-io.js';
import { readText } from '../input/read-text.js';
import type { Notes } from '../output/notes.js';
import { Results } from '../output/results.js';
import { UsageError } from '../usage.error.js';
import { ask } from './ask.js';

const MOST_BYTES = 64 * 1024 * 1024;

/** Shows where messages are. */
export async function reports({ json, msgIds }: ReportsArguments, io: CommandIo, notes: Notes): Promise<number> {
  const results = new Results(io.stdout);
  const ids = msgIds.includes('-') ? [...msgIds.filter((id) => id !== '-'), ...(await idsOf(io))] : msgIds;
  if (ids.length === 0) throw new UsageError('there are no ids of messages on stdin');
  return ask(
    (sms) => sms.reports(ids, { signal: io.stop }),
    async (found) => {
      if (json) await results.json(found);
      else for (const report of found) await results.line(line(report));
    },
    io,
    notes,
  );
}

async function idsOf({ stdin }: CommandIo): Promise<string[]> {
  const text = await readText(stdin, 'the list of ids', MOST_BYTES);
  return text.split(/[\s,]+/).filter((id) => id !== '');
}

function line({ msgId, state, number, at, reason, price }: DeliveryReport): string {
  const facts = [msgId, state, number, at?.toISOString(), price && `${price.total} ${price.currency}`, reason];
  return facts.filter((fact) => fact !== undefined).join(' ');
}
