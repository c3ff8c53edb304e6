import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { SmsService } from 'nestjs-laaffic';
import type { OutboxExtension, PeriodicTask } from 'nestjs-laaffic-outbox/extension';
import type { VerifySettings } from '../options/verify.settings.js';
import { Conversions } from './conversions.js';
import { NumberErasure } from './number-erasure.js';
import { Retention } from './retention.js';

const CONVERSIONS_EVERY_MS = 1_000;
const ERASURE_EVERY_MS = 5_000;
const RETENTION_EVERY_MS = 10 * 60_000;

/**
 * Does what follows verifications, if this process is a worker, from the app's start to its shutdown. Any number of
 * processes may do it at once.
 */
export class VerificationWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #tasks: readonly PeriodicTask[];

  /** @param now the time, for tests. @default the server's */
  constructor(
    private readonly extension: OutboxExtension,
    sms: Pick<SmsService, 'confirmConversion'>,
    private readonly settings: Pick<VerifySettings, 'worker' | 'conversions' | 'retentionMs'> & {
      readonly guard: Pick<VerifySettings['guard'], 'knownMs'>;
    },
    now?: () => Date | undefined,
  ) {
    const { retentionMs, guard, conversions: converts } = settings;
    const conversions = new Conversions(extension, sms, now);
    const erasure = new NumberErasure(extension, now);
    const retention = new Retention(extension, { retentionMs, knownMs: guard.knownMs }, now);
    const task = (failure: string, intervalMs: number, run: () => Promise<boolean>) =>
      extension.periodicTask({ failure, intervalMs, run });
    this.#tasks = [
      ...(converts
        ? [task('Conversions cannot be read or stored', CONVERSIONS_EVERY_MS, () => conversions.run())]
        : []),
      task('Numbers of verifications cannot be erased', ERASURE_EVERY_MS, () => erasure.run()),
      task('Old verifications cannot be deleted', RETENTION_EVERY_MS, () => retention.run()),
    ];
  }

  onApplicationBootstrap(): void {
    if (!this.settings.worker || this.extension.isManual) return;
    for (const task of this.#tasks) task.start();
  }

  /** Does everything that is due. For a process whose work a test does. */
  async runDue(): Promise<void> {
    for (const task of this.#tasks) await task.drain();
  }

  /** Resolves when the running steps have ended. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.extension.drain(Promise.all(this.#tasks.map((task) => task.stop())));
  }
}
