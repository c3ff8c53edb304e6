import type { ErrorLog } from '../errors/error-log.js';
import { Signal } from './signal.js';

/** How to run a task. */
export interface PeriodicTaskPlan {
  readonly errors: ErrorLog;
  /** The log line for a failure: a sentence without its full stop. */
  readonly failure: string;
  readonly intervalMs: number;
  /** Runs the task once. @returns whether there is more to do at once. */
  run(): Promise<boolean>;
}

/** Runs a task periodically, never twice at once. A failure is logged and the task runs again at the next interval. */
export class PeriodicTask {
  readonly #signal = new Signal();
  #isStopped = false;
  #loop: Promise<void> | undefined;

  constructor(private readonly plan: PeriodicTaskPlan) {}

  start(): void {
    this.#loop = this.#run();
  }

  /** Runs the task now. */
  wake(): void {
    this.#signal.notify();
  }

  /** Runs the task until there is nothing more to do at once. For a task that is not started. */
  async drain(): Promise<void> {
    while (await this.#runOnce());
  }

  /** Resolves when the running task has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#signal.notify();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const next = this.#signal.next();
      const hasMore = await this.#runOnce();
      if (!hasMore) await this.#signal.wait(next, this.plan.intervalMs);
    }
  }

  async #runOnce(): Promise<boolean> {
    const { errors, failure } = this.plan;
    try {
      const hasMore = await this.plan.run();
      errors.resolve(failure);
      return hasMore;
    } catch (error) {
      errors.report(failure, error);
      return false;
    }
  }
}
