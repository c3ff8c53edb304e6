import type { AcceptedMessage } from '../ledger/accepted.message.js';
import { counted } from './counted.js';
import type { Refusal } from './refusal.js';
import { reasonFor } from './status-codes.js';
import type { VendorCall } from './vendor.call.js';
import type { VendorEnvelope } from './vendor.envelope.js';

/** What an endpoint says to one call. */
export interface CallOutcome {
  /** 0, a vendor status or an HTTP error status. */
  readonly code: number;
  readonly reason: string;
  /** HTTP status asked for by a rule or a script. */
  readonly http: number | null;
  readonly why: string | null;
  readonly accepted: readonly AcceptedMessage[];
  readonly envelope: VendorEnvelope;
}

/** The answer to a query that was served. */
export function served({ quirks }: VendorCall, fields: Omit<VendorEnvelope, 'status' | 'reason'>): CallOutcome {
  const reason = reasonFor(0);
  const envelope = { status: counted(0, quirks), reason, ...fields };
  return { code: 0, reason, http: null, why: null, accepted: [], envelope };
}

/** `status` and `reason` alone, as every endpoint but the sending ones refuses. */
export function refused({ code, reason: given, http, why }: Refusal, { quirks }: VendorCall): CallOutcome {
  const reason = given ?? reasonFor(code);
  return { code, reason, http, why, accepted: [], envelope: { status: counted(code, quirks), reason } };
}
