import { takeTurn } from '../sql/generated.js';
import type { OutboxStore } from './outbox-store.js';

/** Timers of several processes drift: one that comes a little early still gets its turn. */
const EARLY = 0.9;

/**
 * Whether this process does a recurring task now, on behalf of all processes. At each interval the first one that asks
 * gets the turn, so no process is missed when it dies. Two may still run the task at once if it takes longer.
 */
export async function takesTurn(
  { account, database }: Pick<OutboxStore, 'account' | 'database'>,
  task: string,
  intervalMs: number,
): Promise<boolean> {
  return (await database.run(takeTurn, { account, task, intervalMs: intervalMs * EARLY })).length > 0;
}
