import { STATUS_TABLE, type Failure } from 'nestjs-laaffic';

/** A failure as callers of this API see it. */
export type ShownFailure = Pick<Failure, 'code' | 'http' | 'title' | 'field' | 'retryAfter'>;

const BY_STATUS = new Map<string, ShownFailure>([...STATUS_TABLE.values()].map((failure) => [failure.code, failure]));

/** Codes that are in no table of the platform's: what happened on the way to it, and in the outbox. */
const OTHERS: Readonly<Record<string, Omit<ShownFailure, 'code'>>> = {
  LAAFFIC_RECIPIENT_REFUSED: { http: 422, title: 'The SMS gateway refused the recipient', field: 'to' },
  LAAFFIC_UNREADABLE_ANSWER: { http: 502, title: 'The SMS gateway gave no readable answer' },
  LAAFFIC_UNLISTED_STATUS: { http: 502, title: 'The SMS gateway answered with an unlisted status' },
  LAAFFIC_TIMEOUT: { http: 504, title: 'The SMS gateway did not answer in time' },
  LAAFFIC_CONNECTION_LOST: { http: 504, title: 'The connection to the SMS gateway was lost' },
  OUTBOX_EXPIRED: { http: 410, title: 'The SMS was not sent in time, and will not be', field: 'sendBefore' },
  OUTBOX_CANCELLED: { http: 409, title: 'The SMS was cancelled' },
};

/** What is shown for the code of a recipient that was not accepted. */
export function failureOfCode(code: string, outcome: 'rejected' | 'unknown'): ShownFailure {
  const known = BY_STATUS.get(code) ?? (OTHERS[code] === undefined ? undefined : { code, ...OTHERS[code] });
  if (known !== undefined) return known;
  return outcome === 'unknown'
    ? { code, http: 504, title: 'Nobody can know yet whether the SMS was sent' }
    : { code, http: 502, title: 'The SMS was not sent' };
}
