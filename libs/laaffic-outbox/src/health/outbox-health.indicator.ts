import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { OutboxLedger } from '../ledger/outbox-ledger.js';
import { DatabaseProbe, type ProbedDatabase } from './database-probe.js';
import { checkLimits, type OutboxHealthLimits } from './outbox-health.limits.js';
import { SharedAnswer } from './shared-answer.js';
import { judge } from './verdict.js';

/** How long an answer is kept, in milliseconds, good or bad. */
const KEPT_FOR = 1_000;
const TIMEOUT = 5_000;

/** Tells Terminus whether the outbox can send, and how much waits in it. */
@Injectable()
export class OutboxHealthIndicator {
  readonly #probed = new SharedAnswer(
    () => this.probe(),
    KEPT_FOR,
    () => performance.now(),
  );
  #probe: DatabaseProbe | undefined;

  constructor(
    private readonly modules: ModuleRef,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /**
   * Up if the database answers within 5 s and takes what sending needs, the account is not paused, and no limit is
   * exceeded. Down with a `code`, a `message` and an `advice`. Either way with the counts of recipients, as long as there are any;
   * never with a phone number, a text or the gateway's own words. An answer is kept for a second.
   * @param key the name of the entry in the result.
   * @throws {RangeError} if a limit is no number from 0.
   */
  async isHealthy<const Key extends string = 'outbox'>(
    key: Key = 'outbox' as Key,
    limits: OutboxHealthLimits = {},
  ): Promise<HealthIndicatorResult<Key>> {
    checkLimits(limits);
    const { isUp, data } = judge(await this.#probed.get(), limits);
    const session = this.indicators.check(key);
    return isUp ? session.up({ ...data }) : session.down({ ...data });
  }

  private probe(): Promise<ProbedDatabase | undefined> {
    // Found when it is first asked for: the app's modules may not be ready before.
    this.#probe ??= new DatabaseProbe(this.modules.get(OutboxLedger, { strict: false }), TIMEOUT);
    return this.#probe.ask();
  }
}
