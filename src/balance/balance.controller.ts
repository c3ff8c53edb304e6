import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SmsService, UseLaafficErrors, type Balance } from 'nestjs-laaffic';

@ApiTags('account')
@Controller('v1/balance')
@UseLaafficErrors()
export class BalanceController {
  constructor(private readonly sms: SmsService) {}

  /** What the account holds, as exact decimals. */
  @Get()
  @ApiOperation({ summary: 'What the account holds' })
  @ApiOkResponse({ schema: { example: { balance: '99.990000', gift: '50.00000', credit: '0' } } })
  balance(): Promise<Balance> {
    return this.sms.balance();
  }
}
