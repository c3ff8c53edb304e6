import { Module } from '@nestjs/common';
import { OutboxModule } from '../database/outbox.module.js';
import { UploadModule } from '../recipients/upload/upload.module.js';
import { OptOutsController } from './opt-outs.controller.js';
import { OptOutsService } from './opt-outs.service.js';

/** People who want no messages: list, check, add, import, end. */
@Module({ imports: [OutboxModule, UploadModule], controllers: [OptOutsController], providers: [OptOutsService] })
export class OptOutsModule {}
