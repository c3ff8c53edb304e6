import type { ErrorLog } from '../errors/error-log.js';
import { PeriodicTask } from '../runtime/periodic-task.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { takesTurn } from '../store/turn.js';

/** One step of recurring work. */
export interface Step {
  /** The log line for a failure: a sentence without its full stop. */
  readonly failure: string;
  /** @returns whether there is more to do at once. */
  run(): Promise<boolean>;
}

/** Recurring work that one process at a time does for all. */
export interface SharedWork {
  readonly store: Pick<OutboxStore, 'account' | 'database' | 'errors' | 'isManual'>;
  /** Identifies the work in the database. */
  readonly task: string;
  /** The log line if no step can start. */
  readonly failure: string;
  readonly intervalMs: number;
  readonly steps: readonly Step[];
}

/** Runs the steps periodically. A step that fails does not stop the others. */
export function sharedSteps({ store, task, failure, intervalMs, steps }: SharedWork): PeriodicTask {
  // While there is more to do, the turn goes on.
  let hasMore = false;
  const run = async (): Promise<boolean> => {
    if (!hasMore && !store.isManual && !(await takesTurn(store, task, intervalMs))) return false;
    return (hasMore = await runEach(store.errors, steps));
  };
  return new PeriodicTask({ errors: store.errors, failure, intervalMs, run });
}

/** @returns whether any step has more to do. One may have found work for the next. */
async function runEach(errors: ErrorLog, steps: readonly Step[]): Promise<boolean> {
  let hasMore = false;
  for (const step of steps) {
    try {
      if (await step.run()) hasMore = true;
      errors.resolve(step.failure);
    } catch (error) {
      errors.report(step.failure, error);
    }
  }
  return hasMore;
}
