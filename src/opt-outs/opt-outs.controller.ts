import {
  Body,
  Controller,
  Get,
  HttpCode,
  HttpStatus,
  Post,
  Query,
  UseGuards,
  type StreamableFile,
} from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SmsOptOuts } from 'nestjs-laaffic-outbox';
import { Caller } from '../common/auth/caller.js';
import { RequireScope } from '../common/auth/route-access.js';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { JsonBodyGuard } from '../common/http/json-body.guard.js';
import { Reply } from '../common/http/reply.js';
import { StreamedBody, type RequestBody } from '../common/http/request-body.js';
import { AcceptsCsv } from '../common/http/request-headers.js';
import { RowStreams } from '../common/streams/row-streams.js';
import {
  CheckOptOutsDto,
  EndedOptOutDto,
  EndOptOutDto,
  OptOutsDto,
  OptOutsPageDto,
  OptOutsQueryDto,
  SearchOptOutsDto,
  type AddedOptOutDto,
  type ImportedOptOutsDto,
} from './dto/opt-out.dto.js';
import { ApiAddOptOuts, OPT_OUT_COLUMNS, optOutsResponse } from './opt-outs.openapi.js';
import { OptOutsService } from './opt-outs.service.js';

@ApiTags('replies and opt-outs')
@Controller('v1/opt-outs')
@ApiCommonErrors()
export class OptOutsController {
  constructor(
    private readonly service: OptOutsService,
    private readonly optOuts: SmsOptOuts,
    private readonly streams: RowStreams,
  ) {}

  @Get()
  @RequireScope('opt-outs:read')
  @ApiOperation({
    summary: 'List all opt-outs by number, also those that have ended',
    description: 'For pages and single numbers: `POST /v1/opt-outs/search`.',
  })
  @ApiOkResponse(optOutsResponse)
  @ApiErrors({ 400: '`field` names the invalid field.' })
  list(@Query() { active, raw }: OptOutsQueryDto, @AcceptsCsv() isCsv: boolean): Promise<StreamableFile> {
    return this.streams.open(this.service.all(active), OPT_OUT_COLUMNS, { isCsv, isRaw: raw });
  }

  @Post()
  @RequireScope('opt-outs:write')
  @ApiAddOptOuts()
  async add(
    @StreamedBody() body: RequestBody,
    @Query() query: Record<string, unknown>,
    @Caller() caller: string,
  ): Promise<Reply<AddedOptOutDto | ImportedOptOutsDto>> {
    const done = await this.service.add(body, query, caller);
    const isNew = 'isNew' in done && done.isNew;
    return new Reply(done, { status: isNew ? HttpStatus.CREATED : HttpStatus.OK });
  }

  @Post('search')
  @RequireScope('opt-outs:read')
  @HttpCode(HttpStatus.OK)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({
    summary: 'List opt-outs in pages by number, or those of one number, also those that have ended',
    description: 'Numbers are in the body, because proxies write addresses to their logs.',
  })
  @ApiOkResponse({ type: OptOutsPageDto })
  @ApiErrors({ 400: '`field` names the invalid field.' })
  @ApiBodyErrors()
  search(@Body() filter: SearchOptOutsDto): Promise<OptOutsPageDto> {
    return this.service.search(filter);
  }

  @Post('check')
  @RequireScope('opt-outs:read')
  @HttpCode(HttpStatus.OK)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({ summary: 'Show the active opt-outs of up to 10,000 numbers' })
  @ApiOkResponse({ type: OptOutsDto })
  @ApiErrors({ 400: '`field` names the invalid field.' })
  @ApiBodyErrors()
  async check(@Body() { numbers }: CheckOptOutsDto): Promise<OptOutsDto> {
    return { optOuts: await this.optOuts.check(numbers) };
  }

  @Post('end')
  @RequireScope('opt-outs:end')
  @HttpCode(HttpStatus.OK)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({
    summary: 'End an opt-out, because the person wants messages again',
    description: 'It is not deleted: the list shows when it ended, and the consent.',
  })
  @ApiOkResponse({ type: EndedOptOutDto })
  @ApiErrors({ 400: '`field` names the invalid field.' })
  @ApiBodyErrors()
  async end(@Body() optOut: EndOptOutDto, @Caller() caller: string): Promise<EndedOptOutDto> {
    return { ended: await this.service.end(optOut, caller) };
  }
}
