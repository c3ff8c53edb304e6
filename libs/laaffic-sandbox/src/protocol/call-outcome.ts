import type { AcceptedMessage } from '../history/records.js';
import type { Rejection } from '../vendor/rejection.js';
import { reasonFor } from '../vendor/status-codes.js';
import { toWireNumber, type VendorEnvelope } from './envelope.js';
import type { VendorCall } from './vendor-call.js';

/** What an endpoint responds to one call. */
export interface CallOutcome {
  /** 0, a vendor status or the HTTP status of an error. */
  readonly code: number;
  readonly reason: string;
  /** HTTP status that a rule asks for. */
  readonly httpStatus: number | undefined;
  readonly explanation: string | undefined;
  readonly accepted: readonly AcceptedMessage[];
  readonly envelope: VendorEnvelope;
}

/** The outcome of a query that succeeded. */
export function success({ quirks }: VendorCall, fields: Omit<VendorEnvelope, 'status' | 'reason'>): CallOutcome {
  const reason = reasonFor(0);
  const envelope = { status: toWireNumber(0, quirks), reason, ...fields };
  return { code: 0, reason, httpStatus: undefined, explanation: undefined, accepted: [], envelope };
}

/** The outcome of a rejected query. Its envelope has `status` and `reason` only. */
export function rejected(rejection: Rejection, { quirks }: VendorCall): CallOutcome {
  const { code, reason = reasonFor(code), httpStatus, explanation } = rejection;
  return {
    code,
    reason,
    httpStatus,
    explanation,
    accepted: [],
    envelope: { status: toWireNumber(code, quirks), reason },
  };
}
