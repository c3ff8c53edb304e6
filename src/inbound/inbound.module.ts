import { Module } from '@nestjs/common';
import { OutboxModule } from '../database/outbox.module.js';
import { InboundController } from './inbound.controller.js';

/** What people have written. */
@Module({ imports: [OutboxModule], controllers: [InboundController] })
export class InboundModule {}
