import { Module } from '@nestjs/common';
import { OutboxModule } from '../database/outbox.module.js';
import { AccountController, BalanceController, CostsController } from './account.controller.js';
import { AccountService } from './account.service.js';

/** The account at the gateway: its state, its balance and its costs. */
@Module({
  imports: [OutboxModule],
  controllers: [AccountController, BalanceController, CostsController],
  providers: [AccountService],
})
export class AccountModule {}
