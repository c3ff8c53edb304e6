import type { SandboxQuirks } from '../../options/sandbox-quirks.js';
import type { VendorEnvelope } from '../../protocol/envelope.js';
import type { EndpointName } from '../../vendor/endpoint-names.js';

/** A fault that a script step injects. "Accepted" means accepted if the request passes its checks. */
export type SandboxFault =
  /** Destroys the socket once the headers have arrived. The body is not read and nothing is accepted. */
  | 'cut-before-reading'
  /** Reads the whole request, then destroys the socket. Nothing is accepted. */
  | 'cut-before-accepting'
  /** Accepts the messages, then destroys the socket without a response. */
  | 'cut-after-accepting'
  /** Never responds. Nothing is accepted. */
  | 'hang-before-accepting'
  /** Accepts the messages, but never responds. */
  | 'hang-after-accepting'
  /** Responds HTTP 502 (or `httpStatus`) with an HTML page. Accepts only with `accepted: true`. */
  | 'html'
  /** Responds HTTP 200 (or `httpStatus`) with the given `headers` and `body`. Accepts only with `accepted: true`. */
  | 'raw'
  /** Responds HTTP 200 (or `httpStatus`) without a body. Accepts only with `accepted: true`. */
  | 'empty-body'
  /** Accepts and sends the first half of the JSON as if it were complete. */
  | 'broken-json'
  /** Accepts and sends `chunkBytes` at a time, with `pauseMs` between them. */
  | 'slow-body'
  /** Accepts and sends the first half of the body, then nothing until the sandbox closes. */
  | 'stalled-body'
  /**
   * Accepts and sends `status`, `success`, `fail`, `sending`, `nofound`, `balance`, `gift` and `credit` as numbers.
   */
  | 'numbers-for-strings'
  /** Accepts and sends `array` and `failArray` as strings. */
  | 'string-for-array'
  /** Accepts and sends each `msgId` as a JSON number, which JavaScript cannot represent. */
  | 'msg-id-as-number'
  /** Accepts and sends null for every field but `status`. */
  | 'nulls'
  /** Accepts and leaves out the given `fields`. */
  | 'missing-fields'
  /** Accepts and leaves out the last `count` items of `array`. The counts still include them. */
  | 'missing-items'
  /** Accepts and adds `count` items to `array` that the client never sent. */
  | 'foreign-items';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * What happens to the next requests. A step with `times` only lets requests pass.
 * @example { endpoint: 'sendSms', fault: 'cut-after-accepting', times: 2 }
 * @example { status: -10 }
 * @example { delayMs: 200, quirks: { failArray: 'always' } }
 */
export interface ScriptStep {
  /** Number of requests. `Infinity` (`null` in JSON) is all until the script is reset. @default 1 */
  times?: number | null;
  /** Applies the step to requests to this endpoint. Requests to other endpoints pass it by. @default any endpoint */
  endpoint?: EndpointName;
  /** Delay between reading the request and working on it. @default 0 */
  delayMs?: number;
  /** Delay between working on the request and responding. @default 0 */
  responseDelayMs?: number;
  /** Seconds the gateway's clock is ahead for this request. @default the option `clockSkewSeconds` */
  clockSkewSeconds?: number;
  /** Quirks to override for this request. */
  quirks?: Partial<SandboxQuirks>;
  /** Rejects with this status: the whole request before any other check, or only `numbers`. */
  status?: number;
  /** The reason for `status`. @default the vendor's wording */
  reason?: string;
  /** The numbers that `status` rejects. The others are accepted, and queries pass. @default the whole request */
  numbers?: readonly string[];
  /** HTTP status of the response. @default 200, or 502 for `html` */
  httpStatus?: number;
  /** The fault to inject. */
  fault?: SandboxFault;
  /** For `html`, `raw` and `empty-body`: whether to work on the request first. @default false */
  accepted?: boolean;
  /** For `raw`. @default {} */
  headers?: Readonly<Record<string, string>>;
  /** For `raw`. @default '' */
  body?: string;
  /** For `slow-body`: bytes to send at a time. @default 1 */
  chunkBytes?: number;
  /** For `slow-body`: pause between two chunks. @default 1 */
  pauseMs?: number;
  /** For `missing-fields`: the fields to leave out. @default ['array'] */
  fields?: readonly string[];
  /** For `missing-items` and `foreign-items`: number of items. @default 1 */
  count?: number;
  /** A JSON merge patch (RFC 7396) for the response. */
  patch?: JsonValue;
  /** Replaces the response. A string is sent as it is, anything else as JSON. Works in this process only. */
  transform?: (envelope: VendorEnvelope) => unknown;
}
