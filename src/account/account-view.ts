import { Injectable } from '@nestjs/common';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import type { AccountBody, LaneBody } from './account.body.js';

/** Reads how the account stands. */
@Injectable()
export class AccountView {
  constructor(private readonly outbox: SmsOutbox) {}

  /** @throws {OutboxError} `OUTBOX_DATABASE` */
  async read(): Promise<AccountBody> {
    const { paused, limitedLanes, ...counts } = await this.outbox.getStats();
    const lanes = limitedLanes.map((limit): LaneBody => ({
      ...limit,
      state: limit.largestRequest === 0 ? 'paused' : 'limited',
    }));
    if (paused === undefined) return { state: 'works', limitedLanes: lanes, ...counts };
    const { code, since, reason, messageId, campaignId, probesAt } = paused;
    return {
      state: 'paused',
      pausedCode: code,
      pausedSince: since,
      pausedReason: reason,
      pausedMessageId: messageId,
      pausedCampaignId: campaignId,
      probesAt,
      limitedLanes: lanes,
      ...counts,
    };
  }
}
