import { HttpStatus } from '@nestjs/common';
import { invalidCommand } from 'nestjs-laaffic';
import { actorOf } from '../common/auth/caller.js';
import { isReservedName } from '../common/auth/api-key.js';
import type { KeyRate } from '../common/auth/key-rates.js';
import type { GrantedScopes } from '../common/auth/scopes.js';
import { digestOfKey, KEY_PREFIX } from '../common/auth/stored-key.js';
import { notFound } from '../common/errors/outbox-errors.js';
import { ServiceException } from '../common/errors/service.exception.js';
import type { ApiKeyRow, ApiKeyStore } from './api-key-store.js';
import type { ApiKeyCache } from './api-key-cache.js';
import type { ApiKeyDto, ApiKeysDto, CreateApiKeyDto, CreatedApiKeyDto } from './dto/api-key.dto.js';

const KEY_BYTES = 32;
/** How much of a key is shown later. It leaves 232 of its 256 random bits. */
const SHOWN_CHARACTERS = KEY_PREFIX.length + 4;

/** What the service needs of the process. */
export interface ApiKeyEnvironment {
  /** The names of the keys in the environment. */
  readonly names: readonly string[];
  readonly randomBytes: (size: number) => Buffer;
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
}

/** Creates, lists and revokes API keys. */
export class ApiKeysService {
  constructor(
    private readonly store: ApiKeyStore,
    private readonly cache: ApiKeyCache,
    private readonly environment: ApiKeyEnvironment,
  ) {}

  /**
   * @param scopes those of the caller, which can give no others.
   * @throws {ServiceException} 403 `MISSING_SCOPE`; 409 `KEY_NAME_TAKEN`.
   * @throws {LaafficInputException} naming the invalid field.
   * @throws {OutboxError} a code of the database.
   */
  async create(fields: CreateApiKeyDto, caller: string, scopes: GrantedScopes): Promise<CreatedApiKeyDto> {
    for (const scope of fields.scopes) scopes.require(scope);
    const expiresAt = fields.expiresAt == null ? undefined : new Date(fields.expiresAt);
    if (expiresAt !== undefined && expiresAt.getTime() <= this.environment.now()) {
      throw invalidCommand([{ field: 'expiresAt', problem: 'must be in the future' }]);
    }
    const { name } = fields;
    if (this.environment.names.includes(name) || isReservedName(name)) throw nameTaken();
    const key = `${KEY_PREFIX}${this.environment.randomBytes(KEY_BYTES).toString('base64url')}`;
    const row = await this.store.insert({
      name,
      digest: digestOfKey(key),
      start: key.slice(0, SHOWN_CHARACTERS),
      scopes: fields.scopes,
      rate: rateOf(fields),
      expiresAt,
      actor: actorOf(caller, fields.actor),
    });
    if (row === undefined) throw nameTaken();
    return Object.assign(toDto(row), { key });
  }

  /** Newest first. */
  async list(limit: number, before: string | undefined): Promise<ApiKeysDto> {
    const rows = await this.store.list(limit + 1, before);
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return { apiKeys: shown.map(toDto), ...(last === undefined ? {} : { before: last.id }) };
  }

  /**
   * Ends a key. A second time changes nothing.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, or a code of the database.
   */
  async revoke(id: string, caller: string): Promise<ApiKeyDto> {
    const row = /^\d{1,18}$/.test(id) ? await this.store.revoke(id, caller) : undefined;
    if (row === undefined) throw notFound('API key');
    this.cache.clear();
    return toDto(row);
  }
}

function nameTaken(): ServiceException {
  const details = { code: 'KEY_NAME_TAKEN', field: 'name' };
  return new ServiceException(HttpStatus.CONFLICT, 'Another API key has this name, or the name is reserved', details);
}

/** @throws {LaafficInputException} */
function rateOf({ requestsPerSecond, burst }: CreateApiKeyDto): KeyRate | undefined {
  if (requestsPerSecond == null) {
    if (burst != null) throw invalidCommand([{ field: 'burst', problem: 'needs requestsPerSecond' }]);
    return undefined;
  }
  return { requestsPerSecond, burst: burst ?? Math.max(1, Math.ceil(requestsPerSecond)) };
}

function toDto(row: ApiKeyRow): ApiKeyDto {
  const { id, name, start, scopes, requests_per_second: requestsPerSecond, burst, actor } = row;
  return {
    ...{ id, name, start, scopes },
    ...(requestsPerSecond === null || burst === null ? {} : { requestsPerSecond, burst }),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    ...{ createdAt: row.created_at, actor },
    ...(row.used_at === null ? {} : { usedAt: row.used_at }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
    ...(row.revoked_actor === null ? {} : { revokedActor: row.revoked_actor }),
  };
}
