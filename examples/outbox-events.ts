import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  OnCampaignDone,
  OnRecipientState,
  SmsOutbox,
  type FinishedCampaign,
  type RecipientStateEvent,
} from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';

@Injectable()
export class OrderMessages {
  readonly #logger = new Logger(OrderMessages.name);

  constructor(
    @Inject(Pool) private readonly pool: Pool,
    private readonly outbox: SmsOutbox,
  ) {}

  async notify(order: string, number: string): Promise<void> {
    const sms = { to: number, content: 'Your order is on its way' };
    await this.outbox.enqueue(sms, { reference: order, idempotencyKey: `order ${order} on its way` });
  }

  /** The same change may come twice, so this sets a state and counts nothing. */
  @OnRecipientState()
  async onState({ reference, recipients }: RecipientStateEvent): Promise<void> {
    for (const { state } of recipients) {
      await this.pool.query('update orders set sms = $2 where name = $1', [reference, state]);
    }
  }

  @OnRecipientState({ state: 'held' })
  onHeld({ messageId, recipients }: RecipientStateEvent): void {
    this.#logger.warn(`Message ${messageId}: ${recipients.length} recipients need a decision`);
  }

  @OnCampaignDone()
  onCampaignDone({ name, accepted, total }: FinishedCampaign): void {
    this.#logger.log(`${name}: ${accepted} of ${total}`);
  }
}
