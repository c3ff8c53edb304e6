import type { QueryResultRow } from 'pg';
import { CallersDatabase } from './callers-database.js';
import type { Ledger } from './outbox-ledger.js';
import type { Turns } from './turns.js';

/** The ledger for what callers ask: a failure of its database is an `OutboxError`. They never take all its connections. */
export function callersLedger(ledger: Ledger): Ledger {
  return ledgerWith(ledger, [ledger.turns.callers]);
}

/** The same for what only reads, perhaps much: a few at once, so that those who store something get their turn. */
export function readersLedger(ledger: Ledger): Ledger {
  return ledgerWith(ledger, [ledger.turns.readers, ledger.turns.callers]);
}

/** The same for one statement at a time on behalf of all who wait: it stands in no line. */
export function waitersLedger(ledger: Ledger): Ledger {
  return ledgerWith(ledger, []);
}

function ledgerWith(ledger: Ledger, turns: readonly Turns[]): Ledger {
  const { settings, account, prefix, by, notifications, outages, activity } = ledger;
  const database = new LinedUpDatabase(ledger, turns);
  return { settings, database, turns: ledger.turns, account, prefix, by, notifications, outages, activity };
}

/** Runs a statement when its turn has come in each line, one after the other. */
class LinedUpDatabase extends CallersDatabase {
  constructor(
    ledger: Ledger,
    private readonly turns: readonly Turns[],
  ) {
    super(ledger.database, ledger);
  }

  protected override run(text: string, params?: unknown[]): Promise<{ rows: QueryResultRow[] }> {
    const statement = () => super.run(text, params);
    return this.turns.reduceRight((run, turns) => () => turns.take(run), statement)();
  }
}
