import { PeriodicTask } from '../runtime/periodic-task.js';
import { findMissingSealKeys } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';

const INTERVAL = 10_000;

/** Reports once, and again after it worked, that messages are sealed with keys that this process lacks. */
export function sealKeyWatch(store: Pick<OutboxStore, 'account' | 'database' | 'errors' | 'seals'>): PeriodicTask {
  const { account, database, errors, seals } = store;
  const run = async (): Promise<boolean> => {
    const missing = await database.run(findMissingSealKeys, { account, sealKeyIds: seals.ids });
    if (missing.length === 0) return false;
    throw new Error(`sealKeys lacks the key ${missing.map(({ key_id: id }) => id).join(' and the key ')}`);
  };
  return new PeriodicTask({
    errors,
    failure: 'This process cannot send some sealed messages',
    intervalMs: INTERVAL,
    run,
  });
}
