import type { IncomingHttpHeaders } from 'node:http';
import type { CompiledRule } from '../options/compile-rules.js';
import type { ExpressionTime } from '../options/expression-time.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';

/** One call as the checks see it. */
export interface VendorCall {
  readonly requestId: number;
  readonly method: 'GET' | 'POST';
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  /** Query of a GET, JSON of a POST; not trusted. */
  readonly fields: unknown;
  /** Milliseconds since 1970 by the gateway's clock, skew included. */
  readonly at: number;
  /** Those of the sandbox, with what a script step changes for this call. */
  readonly quirks: Readonly<SandboxQuirks>;
  /** Those of the sandbox, after what a script step refuses in this call. */
  readonly rules: readonly CompiledRule[];
  /** What the expressions of rules and failures have left. */
  readonly time: ExpressionTime;
}
