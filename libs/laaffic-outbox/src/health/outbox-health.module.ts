import { Module } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { OutboxHealthIndicator } from './outbox-health.indicator.js';

/** A Terminus indicator for the outbox, which it finds wherever the app registers `LaafficOutboxModule`. */
@Module({ providers: [OutboxHealthIndicator, HealthIndicatorService], exports: [OutboxHealthIndicator] })
export class OutboxHealthModule {}
