import { Injectable } from '@nestjs/common';
import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import { notFound, readAfterChange } from '../common/errors/outbox-errors.js';
import { toCampaignDto, type CampaignsDto, type CampaignWithProgressDto } from './dto/campaign.dto.js';
import type { CampaignsQueryDto } from './dto/campaign-queries.dto.js';

/** Reads campaigns in the form of the API. */
@Injectable()
export class CampaignsService {
  constructor(private readonly campaigns: SmsCampaigns) {}

  /** A page of campaigns, newest first. */
  async list(query: CampaignsQueryDto): Promise<CampaignsDto> {
    const campaigns = await this.campaigns.list(query);
    const last = campaigns.at(-1);
    return { campaigns, ...(last === undefined || campaigns.length < query.limit ? {} : { before: last.id }) };
  }

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND` */
  async find(id: string): Promise<CampaignWithProgressDto> {
    const [campaign, progress] = await Promise.all([this.campaigns.find(id), this.campaigns.getProgress(id)]);
    if (campaign === undefined) throw notFound('campaign');
    return toCampaignDto(campaign, progress);
  }

  /**
   * The campaign after it was changed.
   * @throws {OutboxError} with the outcome `unknown`, because the change was made.
   */
  findAfterChange(id: string): Promise<CampaignWithProgressDto> {
    return readAfterChange(() => this.find(id));
  }
}
