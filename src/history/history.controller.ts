import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { RequireScope } from '../common/auth/route-access.js';
import { ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { HistoryPageDto, HistoryQueryDto } from './dto/history.dto.js';

@ApiTags('account')
@Controller('v1/history')
@ApiCommonErrors()
export class HistoryController {
  constructor(private readonly outbox: SmsOutbox) {}

  @Get()
  @RequireScope('history:read')
  @ApiOperation({
    summary: 'List the history of everything, newest first',
    description:
      'Without a campaign or message, the events `sending` and `completed` are left out, because every message has them. ' +
      'To find rare entries of one event or actor, a request compares up to 2,000 entries: a page may be short although ' +
      '`before` says that there are more.',
  })
  @ApiOkResponse({ type: HistoryPageDto })
  @ApiErrors({ 400: '`field` names the invalid field.' })
  list(@Query() query: HistoryQueryDto): Promise<HistoryPageDto> {
    return this.outbox.listHistory(query);
  }
}
