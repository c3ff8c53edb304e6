import { Body, Controller, Delete, Get, Header, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, CallerScopes } from '../common/auth/caller.js';
import { RequireScope } from '../common/auth/route-access.js';
import type { GrantedScopes } from '../common/auth/scopes.js';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { JsonBodyGuard } from '../common/http/json-body.guard.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyDto, ApiKeysDto, ApiKeysQueryDto, CreateApiKeyDto, CreatedApiKeyDto } from './dto/api-key.dto.js';

@ApiTags('API keys')
@Controller('v1/api-keys')
@ApiCommonErrors()
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Post()
  @RequireScope('keys:write')
  @UseGuards(JsonBodyGuard)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Create an API key',
    description: 'Only this response has the key. A key can give only scopes that it has.',
  })
  @ApiCreatedResponse({ type: CreatedApiKeyDto })
  @ApiErrors({
    400: '`field` names the invalid field.',
    409: '`KEY_NAME_TAKEN`: another key has this name and is not revoked, or the name is reserved.',
  })
  @ApiBodyErrors()
  create(
    @Caller() caller: string,
    @CallerScopes() scopes: GrantedScopes,
    @Body() key: CreateApiKeyDto,
  ): Promise<CreatedApiKeyDto> {
    return this.apiKeys.create(key, caller, scopes);
  }

  @Get()
  @RequireScope('keys:write')
  @ApiOperation({
    summary: 'List API keys, newest first, also revoked and expired ones',
    description: 'Those of the environment are not among them.',
  })
  @ApiOkResponse({ type: ApiKeysDto })
  @ApiErrors({ 400: '`field` names the invalid field.' })
  list(@Query() { limit, before }: ApiKeysQueryDto): Promise<ApiKeysDto> {
    return this.apiKeys.list(limit, before);
  }

  @Delete(':id')
  @RequireScope('keys:write')
  @ApiOperation({ summary: 'Revoke an API key; within a second all instances reject it' })
  @ApiOkResponse({ type: ApiKeyDto, description: 'The revoked key. A second time changes nothing.' })
  @ApiErrors({ 404: 'There is no API key with this id.' })
  revoke(@Param('id') id: string, @Caller() caller: string): Promise<ApiKeyDto> {
    return this.apiKeys.revoke(id, caller);
  }
}
