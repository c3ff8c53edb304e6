import { Injectable } from '@nestjs/common';
import { OutboxError, SmsCampaigns } from 'nestjs-laaffic-outbox';
import { withProgress, type CampaignWithProgressBody } from './campaign.body.js';

/** Reads campaigns as they are shown. */
@Injectable()
export class CampaignReading {
  constructor(private readonly campaigns: SmsCampaigns) {}

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND` */
  async of(id: string): Promise<CampaignWithProgressBody> {
    const [campaign, progress] = await Promise.all([this.campaigns.find(id), this.campaigns.progress(id)]);
    if (campaign === undefined) throw new OutboxError('OUTBOX_NOT_FOUND', 'There is no campaign with this id');
    return withProgress(campaign, progress);
  }
}
