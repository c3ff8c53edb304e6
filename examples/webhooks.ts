import { Injectable, Module } from '@nestjs/common';
import type { DeliveryReport, InboundSms } from 'nestjs-laaffic';
import { LaafficWebhooksModule, OnDeliveryReport, OnInboundSms, OnUnreadablePush } from 'nestjs-laaffic/webhooks';
import type { UnreadablePush } from 'nestjs-laaffic/webhooks';

@Injectable()
export class SmsEvents {
  readonly failed: string[] = [];
  readonly unsubscribed: string[] = [];
  readonly odd: string[] = [];

  @OnDeliveryReport({ state: 'failed' })
  onFailed({ msgId, reason }: DeliveryReport) {
    this.failed.push(`${msgId}: ${reason ?? 'no reason given'}`);
  }

  @OnInboundSms()
  onMessage({ from, content }: InboundSms) {
    if (content.trim().toUpperCase() === 'STOP') this.unsubscribed.push(from);
  }

  @OnUnreadablePush()
  onUnreadable({ route, reason, text }: UnreadablePush) {
    this.odd.push(`${route} ${reason} ${text}`);
  }
}

const webhooks = LaafficWebhooksModule.forRootAsync({
  useFactory: () => ({ secret: process.env.LAAFFIC_WEBHOOK_SECRET }),
});

@Module({ imports: [webhooks], providers: [SmsEvents] })
export class EventsModule {}
