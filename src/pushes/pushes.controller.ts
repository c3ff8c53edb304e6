import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { RequireScope } from '../common/auth/route-access.js';
import { ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { UnreadablePushesDto, UnreadablePushesQueryDto } from './dto/unreadable-pushes.dto.js';

@ApiTags('account')
@Controller('v1/pushes')
@ApiCommonErrors()
export class PushesController {
  constructor(private readonly outbox: SmsOutbox) {}

  @Get('unreadable')
  @RequireScope('pushes:read')
  @ApiOperation({
    summary: 'List pushes of the platform that could not be read, newest first',
    description: 'Each may be the only report of a message. The last 1,000 are kept, no longer than `RETENTION_DAYS`.',
  })
  @ApiOkResponse({ type: UnreadablePushesDto })
  @ApiErrors({ 400: '`field` names the invalid field.' })
  async listUnreadable(@Query() { limit, before }: UnreadablePushesQueryDto): Promise<UnreadablePushesDto> {
    const pushes = await this.outbox.listUnreadablePushes({ limit, before });
    const last = pushes.length === limit ? pushes.at(-1) : undefined;
    return {
      pushes: pushes.map(({ bytes, ...push }) => ({
        ...push,
        text: bytes.toString(),
        base64: bytes.toString('base64'),
      })),
      ...(last === undefined ? {} : { before: last.id }),
    };
  }
}
