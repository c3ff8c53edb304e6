import { Injectable } from '@nestjs/common';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { actorOf } from '../common/auth/caller.js';
import type { AccountDto, LaneDto } from './dto/account.dto.js';

/** Reads and resumes the account. */
@Injectable()
export class AccountService {
  constructor(private readonly outbox: SmsOutbox) {}

  /** @throws {OutboxError} `OUTBOX_DATABASE_UNAVAILABLE` */
  async getState(): Promise<AccountDto> {
    // Failed events concern the code of the service and not its callers.
    const { paused, limitedLanes, failedEvents: _, ...counts } = await this.outbox.getStats();
    const lanes = limitedLanes.map((limit): LaneDto => ({
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

  /** @returns whether the account, or one of its lanes, was paused or limited. */
  resume(caller: string, person: string | undefined): Promise<boolean> {
    return this.outbox.resumeAccount(actorOf(caller, person));
  }
}
