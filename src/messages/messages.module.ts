import { Module, RequestMethod, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { OutboxModule } from '../database/outbox.module.js';
import { AdmissionMiddleware, MessageAdmission } from './message-admission.js';
import { MessagesController } from './messages.controller.js';
import { MessagesService } from './messages.service.js';

/** Single messages: send, find, cancel, decide. */
@Module({
  imports: [OutboxModule],
  controllers: [MessagesController],
  providers: [
    {
      provide: MessageAdmission,
      useFactory: (outbox: SmsOutbox) => new MessageAdmission(outbox),
      inject: [SmsOutbox],
    },
    MessagesService,
  ],
})
export class MessagesModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(AdmissionMiddleware).forRoutes({ path: 'v1/messages', method: RequestMethod.POST });
  }
}
