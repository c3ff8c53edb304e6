// Compiled by the type check and never run: each line after a directive must be an error.
import { OnDeliveryReport, OnInboundSms, type InboundSms } from 'nestjs-laaffic/webhooks';

export class Handlers {
  // @ts-expect-error a message is not a report
  @OnDeliveryReport()
  wrong(sms: InboundSms): string {
    return sms.content;
  }

  // @ts-expect-error only final states are pushed
  @OnDeliveryReport({ state: 'sending' })
  never(): string {
    return 'never';
  }

  @OnInboundSms()
  right(sms: InboundSms): string {
    return sms.content;
  }
}
