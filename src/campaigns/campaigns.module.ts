import { Module } from '@nestjs/common';
import { OutboxModule } from '../database/outbox.module.js';
import { UploadModule } from '../recipients/upload/upload.module.js';
import { CampaignControlController } from './campaign-control.controller.js';
import { CampaignCreationService } from './campaign-creation.service.js';
import { CampaignResultsController } from './campaign-results.controller.js';
import { CampaignsController } from './campaigns.controller.js';
import { CampaignsService } from './campaigns.service.js';

/** Campaigns: create, control, watch, read the results. */
@Module({
  imports: [OutboxModule, UploadModule],
  controllers: [CampaignsController, CampaignControlController, CampaignResultsController],
  providers: [CampaignCreationService, CampaignsService],
})
export class CampaignsModule {}
