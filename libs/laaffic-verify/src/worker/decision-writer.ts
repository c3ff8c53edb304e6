import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { OutboxExtension, PeriodicTask } from 'nestjs-laaffic-outbox/extension';
import type { Decisions } from '../guard/decisions.js';

const EVERY_MS = 1_000;

/** Stores what the guard of this process has decided, from the app's start to its shutdown. Every process does it. */
export class DecisionWriter implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #task: PeriodicTask;

  constructor(
    private readonly extension: OutboxExtension,
    decisions: Decisions,
  ) {
    this.#task = extension.periodicTask({
      failure: 'Decisions of the guard cannot be stored',
      intervalMs: EVERY_MS,
      run: async () => {
        await decisions.flush();
        return false;
      },
    });
  }

  onApplicationBootstrap(): void {
    if (!this.extension.isManual) this.#task.start();
  }

  /** Stores what was decided until now. For a process whose work a test does. */
  async runDue(): Promise<void> {
    await this.#task.drain();
  }

  /** Resolves when everything is stored. A failure is in the log. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.extension.isManual) return;
    await this.extension.drain(this.#task.stop().then(() => this.#task.drain()));
  }
}
