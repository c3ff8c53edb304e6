import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import type { EndpointName } from '../protocol/endpoint.name.js';
import type { VendorEnvelope } from '../protocol/vendor.envelope.js';

/** Faults below the protocol. Whether the messages were accepted before is part of the name or said beside it. */
export type SandboxFault =
  /** The socket is destroyed when the headers have come; the body is not read and nothing accepted. */
  | 'cut-before-reading'
  /** The request is read whole, then the socket is destroyed; nothing accepted. */
  | 'cut-before-accepting'
  /** The messages are in the ledger, then the socket is destroyed without an answer. */
  | 'cut-after-accepting'
  /** Never answered, until the sandbox closes; nothing accepted. */
  | 'hang-before-accepting'
  /** Never answered, until the sandbox closes; the messages are in the ledger. */
  | 'hang-after-accepting'
  /** HTTP 502 (or `http`) with an HTML page; accepted only with `accepted: true`. */
  | 'html'
  /** HTTP 200 (or `http`) with `headers` and `body` as given; accepted only with `accepted: true`. */
  | 'raw'
  /** HTTP 200 (or `http`) without a body; accepted only with `accepted: true`. */
  | 'empty-body'
  /** The first half of the JSON as if it were all; accepted. */
  | 'broken-json'
  /** `chunk` bytes at a time with a `pause` between them; accepted. */
  | 'slow-body'
  /** The first half of the body, then nothing until the sandbox closes; accepted. */
  | 'stalled-body'
  /** `status`, `success` and `fail` as numbers; accepted. */
  | 'numbers-for-strings'
  /** `array` and `failArray` as texts; accepted. */
  | 'string-for-array'
  /** Each `msgId` as a JSON number, which JavaScript cannot hold; accepted. */
  | 'msg-id-as-number'
  /** Every field but `status` is null; accepted. */
  | 'nulls'
  /** Without the `fields` named; accepted. */
  | 'missing-fields'
  /** `array` lacks its last `count` items while `success` still counts them; accepted. */
  | 'missing-items'
  /** `array` has `count` items nobody sent; accepted. */
  | 'foreign-items';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What happens to the next vendor call. A step with nothing but `times` lets calls pass. */
export interface ScriptStep {
  /** Calls this step is for; Infinity (`null` in JSON) is all until the script is cleared. @default 1 */
  times?: number | null;
  /** The endpoint this step is for; calls to others pass it by. @default any */
  endpoint?: EndpointName;
  /** Milliseconds between reading the request and working on it. @default 0 */
  delay?: number;
  /** Milliseconds between working on the request and answering it. @default 0 */
  delayAnswer?: number;
  /** Seconds the gateway's clock is ahead for this call. @default the option `clockSkew` */
  clockSkew?: number;
  /** Quirks that differ for this call. */
  quirks?: Partial<SandboxQuirks>;
  /** Refuse with this status: the whole call, before any other check, or only `numbers`. */
  status?: number;
  /** @default the vendor's wording */
  reason?: string;
  /** The numbers that `status` refuses, the others being accepted; queries have none and pass. @default the whole call */
  numbers?: readonly string[];
  /** HTTP status of the answer. @default 200, 502 for `html` */
  http?: number;
  fault?: SandboxFault;
  /** For `html`, `raw` and `empty-body`: whether the call is worked on before. @default false */
  accepted?: boolean;
  /** For `raw`. @default {} */
  headers?: Readonly<Record<string, string>>;
  /** For `raw`. @default '' */
  body?: string;
  /** For `slow-body`: bytes. @default 1 */
  chunk?: number;
  /** For `slow-body`: milliseconds. @default 1 */
  pause?: number;
  /** For `missing-fields`. @default ['array'] */
  fields?: readonly string[];
  /** For `missing-items` and `foreign-items`. @default 1 */
  count?: number;
  /** A JSON merge patch (RFC 7396) on the answer. */
  patch?: Json;
  /** Makes another answer out of the right one; a text is sent as it is. In process only. */
  answer?: (envelope: VendorEnvelope) => unknown;
}
