import type { QueryResultRow } from 'pg';
import { CallersDatabase } from './callers-database.js';
import type { Ledger } from './outbox-ledger.js';
import type { Turns } from './turns.js';

/**
 * Returns the ledger for calls of the app. A failure of its database is an `OutboxError`. Calls never use all
 * connections of the pool.
 */
export function callersLedger(ledger: Ledger): Ledger {
  return ledgerWith(ledger, [ledger.turns.callers]);
}

/**
 * Returns the ledger for calls that only read, perhaps a lot. Only a few run at once, so calls that store something are
 * not starved.
 */
export function readersLedger(ledger: Ledger): Ledger {
  return ledgerWith(ledger, [ledger.turns.readers, ledger.turns.callers]);
}

/** Returns the ledger for the single statement that reads on behalf of all waiting callers. It does not queue. */
export function waitersLedger(ledger: Ledger): Ledger {
  return ledgerWith(ledger, []);
}

function ledgerWith(ledger: Ledger, turns: readonly Turns[]): Ledger {
  const { settings, account, prefix, by, notifications, outages, activity } = ledger;
  const database = new LinedUpDatabase(ledger, turns);
  return { settings, database, turns: ledger.turns, account, prefix, by, notifications, outages, activity };
}

/** Runs a statement when it has a turn in each queue, one after the other. */
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
