import { LaafficException } from '../../errors/laaffic.exception.js';
import type { SmsReceipt } from '../../messages/sms-receipt.js';
import type { GatewayResponse } from '../http/response.js';
import type { QueryEnd, SendEnd } from './request-event.emitter.js';
import type { RecipientFailures } from './request-events.js';

/** The result of one request: a value or an error. */
export interface RequestResult<T> {
  readonly response?: GatewayResponse | undefined;
  /** The status of the gateway. */
  readonly status?: number | undefined;
  readonly value?: T | undefined;
  /** A `LaafficException`, or an error of the program. */
  readonly error?: unknown;
}

/** @param recipients the number of recipients of the request. */
export function sendEnd(result: RequestResult<SmsReceipt>, recipients: number, willRetry: boolean): SendEnd {
  const exception = exceptionIn(result);
  const receipt = result.value ?? exception?.receipt;
  // After an error of the program it is unknown whether the request was sent.
  const failures = receipt === undefined ? [{ ...UNKNOWN, recipients }] : failuresIn(receipt);
  const accepted = receipt?.accepted.length ?? 0;
  const success = accepted === recipients ? 'accepted' : 'partial';
  return {
    outcome: result.value === undefined ? (exception ?? UNKNOWN).outcome : success,
    accepted,
    rejected: sum(failures, 'rejected'),
    unknown: sum(failures, 'unknown'),
    failures,
    willRetry,
    ...facts(result),
  };
}

export function queryEnd(result: RequestResult<unknown>, willRetry: boolean): QueryEnd {
  return { outcome: result.error === undefined ? 'answered' : 'failed', willRetry, ...facts(result) };
}

const UNKNOWN = { outcome: 'unknown', code: undefined } as const;

function facts(result: RequestResult<unknown>): Pick<SendEnd, 'code' | 'status' | 'httpStatus'> {
  return { code: exceptionIn(result)?.code, status: result.status, httpStatus: result.response?.httpStatus };
}

function exceptionIn({ error }: RequestResult<unknown>): LaafficException | undefined {
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
