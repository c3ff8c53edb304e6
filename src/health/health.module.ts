import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { LaafficHealthModule } from 'nestjs-laaffic/health';
import { OutboxHealthModule } from 'nestjs-laaffic-outbox/health';
import { HealthController } from './health.controller.js';

/** Whether messages can be sent, for alerting and for orchestrators. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false }), LaafficHealthModule.forRoot(), OutboxHealthModule.forRoot()],
  controllers: [HealthController],
})
export class HealthModule {}
