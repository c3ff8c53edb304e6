import type { BalanceArguments } from '../arguments/arguments.js';
import type { CommandIo } from '../command-io.js';
import type { Notes } from '../output/notes.js';
import { Results } from '../output/results.js';
import { ask } from './ask.js';

/** Shows what the account holds. */
export function balance({ json }: BalanceArguments, io: CommandIo, notes: Notes): Promise<number> {
  const results = new Results(io.stdout);
  return ask(
    (sms) => sms.balance({ signal: io.stop }),
    async (held) => {
      if (json) await results.json(held);
      else for (const [name, amount] of Object.entries(held)) await results.line(`${name} ${String(amount)}`);
    },
    io,
    notes,
  );
}
