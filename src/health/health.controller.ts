import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { OpenToAll } from '../access/api-key.guard.js';
import { GatewayAccount } from '../gateway/gateway.account.js';

@ApiTags('health')
@Controller('health')
@OpenToAll()
export class HealthController {
  constructor(private readonly account: GatewayAccount) {}

  /** Whether the service answers, and where its messages go; it does not ask the gateway. */
  @Get()
  @ApiOperation({ summary: 'Whether the service is up' })
  @ApiOkResponse({ schema: { example: { status: 'ok', gateway: 'sandbox' } } })
  check(): { status: 'ok'; gateway: 'sandbox' | 'laaffic' } {
    return { status: 'ok', gateway: this.account.sandbox === undefined ? 'laaffic' : 'sandbox' };
  }
}
