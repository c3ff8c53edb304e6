import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { RequireScope } from '../common/auth/route-access.js';
import { ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { AcceptsCsv } from '../common/http/request-headers.js';
import { RowStreams } from '../common/streams/row-streams.js';
import { HELD_COLUMNS, heldResponse, toResultRows } from '../recipients/result-rows.js';
import { HeldQueryDto } from './dto/held-query.dto.js';

@ApiTags('account')
@Controller('v1/held')
@ApiCommonErrors()
export class HeldController {
  constructor(
    private readonly outbox: SmsOutbox,
    private readonly streams: RowStreams,
  ) {}

  @Get()
  @RequireScope('held:read')
  @ApiOperation({
    summary: 'List the recipients of messages and campaigns that need a manual decision, oldest first',
    description: 'Decide with `POST /v1/messages/:id/resolve` or `POST /v1/campaigns/:id/resolve`.',
  })
  @ApiOkResponse(heldResponse)
  @ApiErrors({ 400: '`field` names the invalid field.' })
  list(@Query() { after, limit, raw }: HeldQueryDto, @AcceptsCsv() isCsv: boolean): Promise<StreamableFile> {
    const held = toResultRows(this.outbox.listHeld({ after, limit }));
    return this.streams.open(held, HELD_COLUMNS, { isCsv, isRaw: raw });
  }
}
