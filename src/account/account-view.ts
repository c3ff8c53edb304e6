import { Injectable } from '@nestjs/common';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import type { AccountBody } from './account.body.js';

/** Reads how the account stands. */
@Injectable()
export class AccountView {
  constructor(private readonly outbox: SmsOutbox) {}

  /** @throws {OutboxError} `OUTBOX_DATABASE` */
  async read(): Promise<AccountBody> {
    const { paused, ...counts } = await this.outbox.standing();
    if (paused === undefined) return { state: 'works', ...counts };
    const { code, since, reason, probesAt } = paused;
    return { state: 'paused', pausedCode: code, pausedSince: since, pausedReason: reason, probesAt, ...counts };
  }
}
