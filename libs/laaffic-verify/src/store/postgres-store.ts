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
  type VerificationKind,
} from '../sql/generated.js';
import { hex, jsonOf } from './json-of.js';
import { PostgresGuardStore } from './postgres-guard-store.js';
import type {
  ApprovalInput,
  CheckInput,
  CheckOutcome,
  OpenDetails,
  OpenVerification,
  Quota,
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
  readonly kind: VerificationKind | null;
}

/** Keeps verifications in the database of the outbox. */
export class PostgresStore implements VerificationStore {
  readonly guard: PostgresGuardStore;

  /** @param now the time, for tests. @default the server's */
  constructor(
    private readonly extension: OutboxExtension,
    private readonly now: () => Date | undefined = () => undefined,
  ) {
    this.guard = new PostgresGuardStore(extension, now);
  }

  async start({ quotas, ...input }: StartInput, transaction?: SqlTransaction): Promise<SendOutcome> {
    const request = this.#json({ ...input, ...quotaFields(quotas) });
    const [row] = await this.extension.run(startVerification, { request }, transaction);
    return readSent(row, { isNew: row?.is_new ?? false, isKnown: row?.is_known ?? false, would: row?.would ?? [] });
  }

  async resend(
    id: string,
    tenant: string,
    { quotas, ...limits }: SendLimits,
    transaction?: SqlTransaction,
  ): Promise<SendOutcome> {
    const request = this.#json({ id, tenant, ...limits, ...quotaFields(quotas) });
    const [row] = await this.extension.run(resendCode, { request }, transaction);
    return readSent(row, { isNew: false, isKnown: false, would: [] });
  }

  async readOpen(id: string, tenant: string, transaction?: SqlTransaction): Promise<OpenDetails | undefined> {
    const [row] = await this.extension.run(readOpenVerification, { id, tenant, now: this.#moment() }, transaction);
    if (row === undefined) return undefined;
    const { number, country, purpose, binding, kind } = row;
    return { number: number ?? undefined, country, purpose, binding, kind };
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

  async setMessage(id: string, messageId: string, cost: number, transaction?: SqlTransaction): Promise<void> {
    const params = { id, messageId, account: this.extension.account, cost: String(cost), now: this.#moment() };
    await this.extension.run(setMessage, params, transaction);
  }

  async check({ approval, quota, ...input }: CheckInput): Promise<CheckOutcome> {
    const fields = { ...input, ...approval, quotaKey: quota?.key, quotaLimit: quota?.limit };
    const [row] = await this.extension.run(checkCode, { request: this.#json(fields) });
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

  async cancel(id: string, tenant: string, halfLifeMs: number, clearsSuspicion = true): Promise<boolean> {
    const clears = String(clearsSuspicion);
    const params = { id, tenant, halfLifeMs: String(halfLifeMs), clears, now: this.#moment() };
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

  async undo(work: () => Promise<unknown>, transaction: SqlTransaction): Promise<void> {
    await transaction.query('savepoint laaffic_verify_undo', []);
    await work();
    await transaction.query('rollback to savepoint laaffic_verify_undo', []);
  }

  #moment(): string | null {
    return this.now()?.toISOString() ?? null;
  }

  #json(fields: object): string {
    return jsonOf({ ...fields, now: this.#moment() });
  }
}

/** The arrays of a request. */
function quotaFields(quotas: readonly Quota[]): object {
  return {
    quotaRules: quotas.map(({ rule }) => rule),
    quotaKeys: quotas.map(({ key }) => key),
    quotaLimits: quotas.map(({ limit }) => limit),
  };
}

function readSent(
  row: SentRow | undefined,
  { isNew, isKnown, would }: { readonly isNew: boolean; readonly isKnown: boolean; readonly would: readonly string[] },
): SendOutcome {
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
      isKnown,
      kind: row.kind ?? 'sms',
      rule: row.rule ?? undefined,
      would,
    };
  }
  return { result: 'rejected', rule: row?.rule ?? 'over', retryAfterMs: row?.retry_after ?? undefined, would };
}
