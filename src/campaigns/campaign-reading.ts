import { Injectable } from '@nestjs/common';
import { OutboxError, SmsCampaigns } from 'nestjs-laaffic-outbox';
import { doneBefore } from '../errors/done-before.js';
import { withProgress, type CampaignWithProgressBody } from './campaign.body.js';

/** Reads campaigns as they are shown. */
@Injectable()
export class CampaignReading {
  constructor(private readonly campaigns: SmsCampaigns) {}

  /**
   * The same after something was done to it: that is not undone by a failure to read it.
   * @throws {OutboxError} with the outcome `unknown`, whatever it says.
   */
  async after(id: string): Promise<CampaignWithProgressBody> {
    try {
      return await this.of(id);
    } catch (error) {
      throw error instanceof OutboxError ? doneBefore(error) : error;
    }
  }

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND` */
  async of(id: string): Promise<CampaignWithProgressBody> {
    const [campaign, progress] = await Promise.all([this.campaigns.find(id), this.campaigns.progress(id)]);
    if (campaign === undefined) throw new OutboxError('OUTBOX_NOT_FOUND', 'There is no campaign with this id');
    return withProgress(campaign, progress);
  }
}
