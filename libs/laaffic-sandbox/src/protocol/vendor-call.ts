import type { IncomingHttpHeaders } from 'node:http';
import type { CompiledRejectionRule } from '../options/compile-rules.js';
import type { ExpressionBudget } from '../options/expression-budget.js';
import type { SandboxQuirks } from '../options/sandbox-quirks.js';
import { Rejection } from '../vendor/rejection.js';
import { toKnownStatus } from '../vendor/status-codes.js';

/** A request to a vendor endpoint, as the checks see it. */
export interface VendorCall {
  readonly requestId: number;
  readonly method: 'GET' | 'POST';
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  /** The query of a GET or the JSON of a POST. Not checked yet. */
  readonly fields: unknown;
  /** Milliseconds since 1970 by the gateway's clock, skew included. */
  readonly at: number;
  /** The quirks of the sandbox, overridden by those of the script step. */
  readonly quirks: Readonly<SandboxQuirks>;
  /** The rules of the sandbox, after the rule of the script step. */
  readonly rejectionRules: readonly CompiledRejectionRule[];
  readonly expressionBudget: ExpressionBudget;
}

/** Replaces a code that the platform does not know yet, by the quirk `lastKnownStatus`. */
export function withKnownStatus(rejection: Rejection, { quirks }: VendorCall): Rejection {
  const code = rejection.isHttp ? rejection.code : toKnownStatus(rejection.code, quirks.lastKnownStatus);
  if (code === rejection.code) return rejection;
  return new Rejection(code, rejection.explanation, rejection.reason, rejection.httpStatus);
}
