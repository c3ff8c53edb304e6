import { failureOfCode as failureOfLibraryCode, type Failure } from 'nestjs-laaffic';

/** A failure as callers of this API see it. */
export type ShownFailure = Pick<Failure, 'code' | 'http' | 'title' | 'field' | 'retryAfterSeconds'>;

/** Codes of the outbox. */
const OUTBOX_FAILURES: Readonly<Record<string, Omit<ShownFailure, 'code'>>> = {
  OUTBOX_EXPIRED: { http: 410, title: 'The SMS was not sent in time, and will not be', field: 'sendBefore' },
  OUTBOX_CANCELLED: { http: 409, title: 'The SMS was cancelled' },
  OUTBOX_OPTED_OUT: { http: 422, title: 'The recipient wants no messages', field: 'to' },
};

/** What is shown for the code of a recipient that was not accepted. */
export function failureOfCode(code: string, outcome: 'rejected' | 'unknown'): ShownFailure {
  const ofOutbox = OUTBOX_FAILURES[code];
  const known = failureOfLibraryCode(code) ?? (ofOutbox === undefined ? undefined : { code, ...ofOutbox });
  if (known !== undefined) return known;
  return outcome === 'unknown'
    ? { code, http: 504, title: 'It is unknown whether the SMS was sent' }
    : { code, http: 502, title: 'The SMS was not sent' };
}
