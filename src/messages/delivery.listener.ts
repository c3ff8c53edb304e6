import { Injectable } from '@nestjs/common';
import type { DeliveryReport } from 'nestjs-laaffic';
import { OnDeliveryReport } from 'nestjs-laaffic/webhooks';
import { MessageLog } from './message.log.js';

/** Takes the platform's delivery reports down. */
@Injectable()
export class DeliveryListener {
  constructor(private readonly log: MessageLog) {}

  @OnDeliveryReport()
  take(report: DeliveryReport): void {
    this.log.report(report);
  }
}
