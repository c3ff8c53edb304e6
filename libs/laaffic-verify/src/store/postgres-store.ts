import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import type { OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import {
  approveVerification,
  cancelVerification,
  checkCode,
  findVerification,
  readOpenVerification,
  redeemProof,
  releaseNumber,
  renewCode,
  resendCode,
  setMessage,
  startVerification,
} from '../sql/generated.js';
import type {
  ApprovalInput,
  CheckInput,
  CheckOutcome,
  OpenDetails,
  OpenVerification,
  RedeemedProof,
  SendLimits,
  SendOutcome,
  StartInput,
  StoredVerification,
  VerificationStore,
} from './verification-store.js';

interface SentRow {
  readonly result: string;
  readonly rule: string | null;
  readonly retry_after: number | null;
  readonly id: string | null;
  readonly key_id: string | null;
  readonly generation: number | null;
  readonly sends: number | null;
  readonly attempts_left: number | null;
  readonly expires_in: number | null;
  readonly resend_in: number | null;
}

/** Keeps verifications in the database of the outbox. */
export class PostgresStore implements VerificationStore {
  /** @param now the time, for tests. @default the server's */
  constructor(
    private readonly extension: OutboxExtension,
    private readonly now: () => Date | undefined = () => undefined,
  ) {}

  async start(input: StartInput, transaction?: SqlTransaction): Promise<SendOutcome> {
    const [row] = await this.extension.run(startVerification, { request: this.#json(input) }, transaction);
    return readSent(row, row?.is_new ?? false, row?.would ?? []);
  }

  async resend(id: string, tenant: string, limits: SendLimits, transaction?: SqlTransaction): Promise<SendOutcome> {
    const [row] = await this.extension.run(resendCode, { request: this.#json({ id, tenant, ...limits }) }, transaction);
    return readSent(row, false, []);
  }

  async readOpen(id: string, tenant: string, transaction?: SqlTransaction): Promise<OpenDetails | undefined> {
    const [row] = await this.extension.run(readOpenVerification, { id, tenant, now: this.#moment() }, transaction);
    if (row === undefined) return undefined;
    const { number, country, purpose, binding } = row;
    return { number: number ?? undefined, country, purpose, binding };
  }

  async renew(
    { id, generation }: Pick<OpenVerification, 'id' | 'generation'>,
    { keyId, digest, lifetimeMs }: { readonly keyId: string; readonly digest: Buffer; readonly lifetimeMs: number },
    transaction?: SqlTransaction,
  ): Promise<boolean> {
    const params = { id, keyId, generation: String(generation), lifetimeMs: String(lifetimeMs), now: this.#moment() };
    const [row] = await this.extension.run(renewCode, { ...params, digest: hex(digest) }, transaction);
    return row?.renewed === true;
  }

  async setMessage(id: string, messageId: string, transaction?: SqlTransaction): Promise<void> {
    await this.extension.run(setMessage, { id, messageId }, transaction);
  }

  async check({ approval, ...input }: CheckInput): Promise<CheckOutcome> {
    const [row] = await this.extension.run(checkCode, { request: this.#json({ ...input, ...approval }) });
    const { number, country } = { number: row?.number ?? '', country: row?.country ?? '' };
    switch (row?.result) {
      case 'approved':
        return { result: 'approved', number, country, approvedAt: row.approved_at ?? new Date(NaN) };
      case 'matched':
        return { result: 'matched', number, country };
      case 'wrong':
        return { result: 'wrong', attemptsLeft: row.attempts_left ?? 0 };
      case 'limited':
        return { result: 'limited', retryAfterMs: row.retry_after ?? 0 };
      default:
        return { result: 'over' };
    }
  }

  async approve(
    id: string,
    { relief, halfLifeMs, converts }: ApprovalInput,
    transaction?: SqlTransaction,
  ): Promise<Date | undefined> {
    const params = { id, relief: String(relief), halfLifeMs: String(halfLifeMs), converts: String(converts) };
    const [row] = await this.extension.run(approveVerification, { ...params, now: this.#moment() }, transaction);
    return row?.approved_at ?? undefined;
  }

  async cancel(id: string, tenant: string, halfLifeMs: number): Promise<boolean> {
    const params = { id, tenant, halfLifeMs: String(halfLifeMs), now: this.#moment() };
    const [row] = await this.extension.run(cancelVerification, params);
    return row?.cancelled === true;
  }

  async find(id: string, tenant: string): Promise<StoredVerification | undefined> {
    const [row] = await this.extension.run(findVerification, { id, tenant });
    if (row === undefined) return undefined;
    return {
      purpose: row.purpose,
      country: row.country,
      state: row.state,
      number: row.number ?? undefined,
      sends: row.sends,
      attempts: row.attempts,
      maxAttempts: row.max_attempts,
      expiresAt: row.expires_at,
      createdAt: row.created_at,
      approvedAt: row.approved_at ?? undefined,
      messageId: row.message_id ?? undefined,
    };
  }

  async release(tenant: string, numberKeys: readonly Buffer[]): Promise<boolean> {
    const rows = await this.extension.run(releaseNumber, { tenant, numberKeys });
    return rows.length > 0;
  }

  async redeem(id: string): Promise<RedeemedProof | undefined> {
    const [row] = await this.extension.run(redeemProof, { id, now: this.#moment() });
    if (row === undefined || row.approved_at === null) return undefined;
    return { purpose: row.purpose, binding: row.binding, approvedAt: row.approved_at };
  }

  transaction<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.extension.transaction(work);
  }

  #moment(): string | null {
    return this.now()?.toISOString() ?? null;
  }

  /** The fields of a request, as every driver can pass them. */
  #json(fields: object): string {
    return JSON.stringify({ ...fields, now: this.#moment() }, function (this: Record<string, unknown>, key, value) {
      // JSON.stringify has already called toJSON() of a buffer.
      const given = this[key];
      return Buffer.isBuffer(given) ? hex(given) : (value as unknown);
    });
  }
}

function hex(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`;
}

function readSent(row: SentRow | undefined, isNew: boolean, would: readonly string[]): SendOutcome {
  if (row?.result === 'sent' || row?.result === 'waiting') {
    return {
      result: row.result,
      verification: {
        id: row.id ?? '',
        keyId: row.key_id ?? '',
        generation: row.generation ?? 1,
        sends: row.sends ?? 0,
        attemptsLeft: row.attempts_left ?? 0,
        expiresInMs: row.expires_in ?? 0,
        resendInMs: row.resend_in ?? 0,
      },
      isNew,
      would,
    };
  }
  return { result: 'rejected', rule: row?.rule ?? 'over', retryAfterMs: row?.retry_after ?? undefined, would };
}
