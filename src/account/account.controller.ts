import { Body, Controller, Get, HttpCode, HttpStatus, Post, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { Caller } from '../access/caller.js';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../errors/api-errors.js';
import { readActor } from '../http/actor.js';
import { JsonBodyGuard } from '../http/json-body.guard.js';
import { AccountView } from './account-view.js';
import { AccountBody, ResumeBody, ResumedBody } from './account.body.js';

@ApiTags('account')
@Controller('v1/account')
@ApiCommonErrors()
export class AccountController {
  constructor(
    private readonly outbox: SmsOutbox,
    private readonly view: AccountView,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Whether the account is paused, and how much waits',
  })
  @ApiOkResponse({ type: AccountBody })
  read(): Promise<AccountBody> {
    return this.view.read();
  }

  @Post('resume')
  @HttpCode(HttpStatus.OK)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({ summary: 'Send again at once, without waiting for the account to be tried' })
  @ApiOkResponse({ type: ResumedBody })
  @ApiErrors({ 400: '`field` says what is wrong.' })
  @ApiBodyErrors()
  async resume(@Caller() caller: string, @Body() { actor }: ResumeBody): Promise<ResumedBody> {
    return { wasPaused: await this.outbox.resumeAccount(readActor(caller, actor)) };
  }
}
