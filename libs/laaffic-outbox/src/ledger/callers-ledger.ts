import { CallersDatabase } from './callers-database.js';
import type { Ledger } from './outbox-ledger.js';

/** The ledger for what callers ask: a failure of its database is an `OutboxError`. */
export function callersLedger(ledger: Ledger): Ledger {
  const { settings, account, prefix, by, notifications, outages, activity } = ledger;
  const database = new CallersDatabase(ledger.database);
  return { settings, database, account, prefix, by, notifications, outages, activity };
}
