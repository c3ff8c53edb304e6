import { Module } from '@nestjs/common';
import { OutboxModule } from '../database/outbox.module.js';
import { HistoryController } from './history.controller.js';

/** The history of everything. */
@Module({ imports: [OutboxModule], controllers: [HistoryController] })
export class HistoryModule {}
