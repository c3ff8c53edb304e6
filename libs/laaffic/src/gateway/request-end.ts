import { LaafficException } from '../errors/laaffic.exception.js';
import type { SmsReceipt } from '../messages/sms-receipt.js';
import type { Answer } from './exchange.js';
import type { RecipientFailures } from './traffic.events.js';
import type { QueryEnd, SendEnd } from './traffic.js';

/** What came of a request. */
export interface RequestResult {
  readonly answer?: Answer | undefined;
  /** The gateway's. */
  readonly status?: number | undefined;
  /** A `LaafficException`, or a mistake of the program. */
  readonly error?: unknown;
}

/** What came of a request that sends: a receipt or an error. */
export interface SendResult extends RequestResult {
  readonly receipt?: SmsReceipt;
}

/** @param recipients how many it sends to. */
export function endOfSend(result: SendResult, recipients: number, isRepeated: boolean): SendEnd {
  const exception = exceptionIn(result);
  const receipt = result.receipt ?? exception?.receipt;
  // After a mistake of the program nobody knows whether the request went out.
  const failures = receipt === undefined ? [{ ...NOBODY_KNOWS, recipients }] : failuresIn(receipt);
  const accepted = receipt?.accepted.length ?? 0;
  const settled = accepted === recipients ? 'accepted' : 'partial';
  return {
    outcome: result.receipt === undefined ? (exception ?? NOBODY_KNOWS).outcome : settled,
    accepted,
    rejected: sum(failures, 'rejected'),
    unknown: sum(failures, 'unknown'),
    failures,
    isRepeated,
    ...facts(result),
  };
}

export function endOfQuery(result: RequestResult): QueryEnd {
  return { outcome: result.error === undefined ? 'answered' : 'failed', ...facts(result) };
}

const NOBODY_KNOWS = { outcome: 'unknown', code: undefined } as const;

function facts(result: RequestResult): Pick<SendEnd, 'code' | 'status' | 'httpStatus'> {
  return { code: exceptionIn(result)?.code, status: result.status, httpStatus: result.answer?.httpStatus };
}

function exceptionIn({ error }: RequestResult): LaafficException | undefined {
  return error instanceof LaafficException ? error : undefined;
}

function failuresIn({ rejected, unknown }: SmsReceipt): RecipientFailures[] {
  return [...byCode('rejected', rejected), ...byCode('unknown', unknown)];
}

function byCode(outcome: RecipientFailures['outcome'], entries: readonly { code: string }[]): RecipientFailures[] {
  const counts = new Map<string, number>();
  for (const { code } of entries) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, recipients]) => ({ outcome, code, recipients }));
}

function sum(failures: readonly RecipientFailures[], outcome: RecipientFailures['outcome']): number {
  return failures.reduce((total, failure) => total + (failure.outcome === outcome ? failure.recipients : 0), 0);
}
