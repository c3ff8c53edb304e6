import { Injectable } from '@nestjs/common';
import { OnCampaignDone, OnHeld, OnSettled, type FinishedCampaign, type OutboxPart } from 'nestjs-laaffic-outbox';

@Injectable()
export class OutboxEvents {
  readonly heard: string[] = [];

  @OnSettled()
  onSettled({ id, recipients }: OutboxPart) {
    for (const { position, state } of recipients) this.heard.push(`message ${id}, recipient ${position}: ${state}`);
  }

  @OnHeld()
  onHeld({ id, recipients }: OutboxPart) {
    this.heard.push(`message ${id}: ${recipients.length} wait for a decision`);
  }

  @OnCampaignDone()
  onCampaignDone({ name, accepted, total }: FinishedCampaign) {
    this.heard.push(`${name}: ${accepted} of ${total}`);
  }
}
