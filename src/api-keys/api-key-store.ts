import type { OnModuleDestroy } from '@nestjs/common';
import type { OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import type { KeyRate } from '../common/auth/key-rates.js';
import { GrantedScopes } from '../common/auth/scopes.js';
import type { StoredKey } from '../common/auth/stored-key.js';
import { findValidApiKeys, insertApiKey, listApiKeys, recordApiKeyUse, revokeApiKey } from '../sql/generated.js';

/** A key to be stored. */
export interface NewApiKey {
  readonly name: string;
  readonly digest: Buffer;
  /** How the key begins. */
  readonly start: string;
  readonly scopes: readonly string[];
  /** `undefined` without a limit. */
  readonly rate: KeyRate | undefined;
  readonly expiresAt: Date | undefined;
  readonly actor: string;
}

/** What is known of a key. */
export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly start: string;
  readonly scopes: readonly string[];
  readonly requests_per_second: number | null;
  readonly burst: number | null;
  readonly expires_at: Date | null;
  readonly created_at: Date;
  readonly actor: string;
  readonly used_at: Date | null;
  readonly revoked_at: Date | null;
  readonly revoked_actor: string | null;
}

/** Keys in the database of the service. All methods throw {@link OutboxError} with a code of the database. */
export class ApiKeyStore implements OnModuleDestroy {
  /** Records of uses that are being written. */
  readonly #uses = new Set<Promise<void>>();

  constructor(private readonly tables: OutboxExtension) {}

  /** @returns `undefined` if another key has the name. */
  async insert({ rate, expiresAt, ...key }: NewApiKey): Promise<ApiKeyRow | undefined> {
    const [row] = await this.tables.run(insertApiKey, {
      ...key,
      account: this.tables.account,
      requestsPerSecond: rate?.requestsPerSecond ?? null,
      burst: rate?.burst ?? null,
      expiresAt: expiresAt ?? null,
    });
    return row;
  }

  /** Newest first. @param before only keys older than the one with this id. */
  list(most: number, before: string | undefined): Promise<ApiKeyRow[]> {
    return this.tables.run(listApiKeys, { account: this.tables.account, before: before ?? null, most });
  }

  /** @returns `undefined` if there is no key with the id. */
  async revoke(id: string, actor: string): Promise<ApiKeyRow | undefined> {
    const [row] = await this.tables.run(revokeApiKey, { account: this.tables.account, id, actor });
    return row;
  }

  /** Finds the valid ones of some digests, and records that they are used. */
  async findValid(digests: readonly Buffer[]): Promise<StoredKey[]> {
    const rows = await this.tables.run(findValidApiKeys, { account: this.tables.account, digests });
    for (const { id, is_use_due: isDue } of rows) if (isDue) this.#trackUse(id);
    return rows.map(({ id, name, digest, scopes, requests_per_second: requestsPerSecond, burst }) => ({
      ...{ id, name, digest, scopes: new GrantedScopes(scopes) },
      rate: requestsPerSecond === null || burst === null ? undefined : { requestsPerSecond, burst },
    }));
  }

  /** The requests have ended by now, and the connections are still there. */
  onModuleDestroy(): Promise<void> {
    return this.tables.drain(Promise.all(this.#uses));
  }

  #trackUse(id: string): void {
    const use = this.#recordUse(id).finally(() => this.#uses.delete(use));
    this.#uses.add(use);
  }

  /** A request does not wait for it, and does not fail with it: a read-only database can still be read. */
  async #recordUse(id: string): Promise<void> {
    const part = 'The last use of API keys cannot be recorded';
    try {
      await this.tables.runInBackground(recordApiKeyUse, { account: this.tables.account, id });
      this.tables.resolve(part);
    } catch (error) {
      this.tables.report(part, error);
    }
  }
}
