import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SmsService } from 'nestjs-laaffic';
import { ApiCommonErrors, ApiErrors } from '../errors/api-errors.js';
import { BalanceBody } from './balance.body.js';

@ApiTags('account')
@Controller('v1/balance')
@ApiCommonErrors()
export class BalanceController {
  constructor(private readonly sms: SmsService) {}

  /** What the account holds, as exact decimals. */
  @Get()
  @ApiOperation({ summary: 'What the account holds' })
  @ApiOkResponse({ type: BalanceBody })
  @ApiErrors({
    429: 'A limit of the gateway; wait for `Retry-After` seconds.',
    502: "Trouble with the service's account, or an unreadable answer.",
    503: 'The gateway cannot be reached.',
    504: 'The gateway did not answer.',
  })
  balance(): Promise<BalanceBody> {
    return this.sms.balance();
  }
}
