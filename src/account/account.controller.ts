import { Body, Controller, Get, HttpCode, HttpStatus, Post, Query, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SmsService } from 'nestjs-laaffic';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { Caller } from '../common/auth/caller.js';
import { RequireScope } from '../common/auth/route-access.js';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { JsonBodyGuard } from '../common/http/json-body.guard.js';
import { AccountService } from './account.service.js';
import { AccountDto, AccountResumedDto, BalanceDto, ResumeAccountDto } from './dto/account.dto.js';
import { CostsDto, CostsQueryDto } from './dto/costs.dto.js';

@ApiTags('account')
@Controller('v1/account')
@ApiCommonErrors()
export class AccountController {
  constructor(private readonly account: AccountService) {}

  @Get()
  @RequireScope('account:read')
  @ApiOperation({ summary: 'Show whether the account is paused, and how many recipients wait' })
  @ApiOkResponse({ type: AccountDto })
  getState(): Promise<AccountDto> {
    return this.account.getState();
  }

  @Post('resume')
  @RequireScope('account:resume')
  @HttpCode(HttpStatus.OK)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({ summary: 'Resume a paused account at once' })
  @ApiOkResponse({ type: AccountResumedDto })
  @ApiErrors({ 400: '`field` names the invalid field.' })
  @ApiBodyErrors()
  async resume(@Caller() caller: string, @Body() { actor }: ResumeAccountDto): Promise<AccountResumedDto> {
    return { wasPaused: await this.account.resume(caller, actor) };
  }
}

@ApiTags('account')
@Controller('v1/balance')
@ApiCommonErrors()
export class BalanceController {
  constructor(private readonly sms: SmsService) {}

  @Get()
  @RequireScope('account:read')
  @ApiOperation({ summary: 'Show the balance of the account' })
  @ApiOkResponse({ type: BalanceDto })
  @ApiErrors({
    429: 'A limit of the gateway; retry after `Retry-After` seconds.',
    502: "A problem of the service's account, or an unreadable response of the gateway.",
    503: 'The gateway is unreachable.',
    504: 'The gateway did not respond.',
  })
  getBalance(): Promise<BalanceDto> {
    return this.sms.getBalance();
  }
}

@ApiTags('account')
@Controller('v1/costs')
@ApiCommonErrors()
export class CostsController {
  constructor(private readonly outbox: SmsOutbox) {}

  @Get()
  @RequireScope('account:read')
  @ApiOperation({
    summary: 'Show what the platform charged, by day, country and currency',
    description:
      'As far as delivery reports said so, which arrive up to three days later. Each recipient counts once. The costs are ' +
      'kept for ever.',
  })
  @ApiOkResponse({ type: CostsDto })
  @ApiErrors({ 400: '`field` names the invalid field.' })
  async list(@Query() { from, to }: CostsQueryDto): Promise<CostsDto> {
    return { costs: await this.outbox.getCosts({ from, to }) };
  }
}
