import { Module } from '@nestjs/common';
import { OutboxModule } from '../database/outbox.module.js';
import { AccountController, BalanceController } from './account.controller.js';
import { AccountService } from './account.service.js';

/** The account at the gateway: its state and its balance. */
@Module({
  imports: [OutboxModule],
  controllers: [AccountController, BalanceController],
  providers: [AccountService],
})
export class AccountModule {}
