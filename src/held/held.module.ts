import { Module } from '@nestjs/common';
import { OutboxModule } from '../database/outbox.module.js';
import { HeldController } from './held.controller.js';

/** All recipients on hold, of messages and campaigns. */
@Module({ imports: [OutboxModule], controllers: [HeldController] })
export class HeldModule {}
