import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import type { Decision, DecisionParams, OutboxExtension, Statement } from 'nestjs-laaffic-outbox/extension';
import {
  approveVerification,
  cancelVerification,
  checkCode,
  findVerification,
  readOpenVerification,
  redeemProof,
  releaseNumber,
  resendCode,
  startVerification,
} from '../sql/generated.js';
import { jsonOf } from './json-of.js';
import { PostgresGuardStore } from './postgres-guard-store.js';
import type {
  ApprovalInput,
  CheckInput,
  CheckOutcome,
  CodeMessage,
  OpenDetails,
  RedeemedProof,
  ResendInput,
  ResendOutcome,
  SendLimits,
  StartInput,
  StartOutcome,
  StoredVerification,
  VerificationStore,
} from './verification-store.js';

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

  async start(input: StartInput, transaction?: SqlTransaction): Promise<StartOutcome> {
    const listedKeys = input.numberKeys.map((key) => key.toString('hex'));
    const row = await this.#send(
      startVerification,
      input.message,
      [input, quotaFields(input), { listedKeys }],
      transaction,
    );
    return readStart(row);
  }

  async resend(input: ResendInput, transaction?: SqlTransaction): Promise<ResendOutcome> {
    const fields = [input, input.renewal ?? {}, quotaFields(input)];
    const row = await this.#send(resendCode, input.message, fields, transaction);
    if (row?.result === 'changed') return { result: 'changed' };
    const outcome = readStart(row);
    return outcome.result === 'rejected' ? outcome : { ...outcome, result: 'sent' };
  }

  async readOpen(id: string, tenant: string, transaction?: SqlTransaction): Promise<OpenDetails | undefined> {
    const [row] = await this.extension.run(readOpenVerification, { id, tenant, now: this.#moment() }, transaction);
    if (row === undefined) return undefined;
    const { number, country, purpose, binding, kind, key_id: keyId, generation, sends, expires_in: expiresInMs } = row;
    return { id, number: number ?? undefined, country, purpose, binding, kind, keyId, generation, sends, expiresInMs };
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

  /** Runs a start or a resend, with its message in the same statement. */
  async #send<R extends Decision>(
    statement: Statement<{ request: string } & DecisionParams, R>,
    message: CodeMessage | undefined,
    fields: readonly object[],
    transaction: SqlTransaction | undefined,
  ): Promise<R | undefined> {
    const { account } = this.extension;
    const request = this.#json(...fields, { account, cost: message?.cost });
    if (message === undefined) {
      const [row] = await this.extension.run(statement, { request, messageId: null }, transaction);
      return row;
    }
    const { to, content, idempotencyKey, sendBefore } = message;
    const options = {
      ...({ lane: 'priority', sealed: true, onUnconfirmed: 'abandon', actor: 'verification', purpose: 'otp' } as const),
      ...{ idempotencyKey, sendBefore },
    };
    return this.extension.runWithMessage(statement, { request }, { command: { to, content }, options }, transaction);
  }

  #moment(): string | null {
    return this.now()?.toISOString() ?? null;
  }

  #json(...fields: readonly object[]): string {
    return jsonOf(...fields, { now: this.#moment() });
  }
}

/** The arrays of a request. */
function quotaFields({ quotas }: SendLimits): object {
  return {
    quotaRules: quotas.map(({ rule }) => rule),
    quotaKeys: quotas.map(({ key }) => key),
    quotaLimits: quotas.map(({ limit }) => limit),
  };
}

function readStart(row: (typeof startVerification)['row']): StartOutcome {
  const would = row?.would ?? [];
  if (row?.result !== 'sent' && row?.result !== 'waiting' && row?.result !== 'open') {
    return { result: 'rejected', rule: row?.rule ?? 'over', retryAfterMs: row?.retry_after ?? undefined, would };
  }
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
    isNew: row.is_new,
    isKnown: row.is_known,
    kind: row.kind ?? 'sms',
    rule: row.rule ?? undefined,
    would,
  };
}
