import type { IncomingHttpHeaders } from 'node:http';

/**
 * What became of a call: `answered`, its socket `cut`, left `hanging`, or `abandoned` by a client that went away before
 * it was read or answered.
 */
export type RequestOutcome = 'pending' | 'answered' | 'cut' | 'hanging' | 'abandoned';

/** One call to the vendor's side of the sandbox, in the order of arrival. */
export interface RecordedRequest {
  /** Counts from 1. */
  readonly id: number;
  /** Milliseconds since 1970 by the sandbox's own clock, without skew. */
  readonly at: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** Decoded; a repeated key has a list. */
  readonly query: Readonly<Record<string, string | string[] | undefined>>;
  /** `null` while it has not been read. */
  readonly rawBody: string | null;
  /** The body as JSON; `undefined` when it is none. */
  readonly body: unknown;
  readonly outcome: RequestOutcome;
  /** HTTP status of the answer. */
  readonly http: number | null;
  /** The vendor's status in the answer. */
  readonly status: string | null;
  readonly reason: string | null;
  /** Why the call, or a number of it, was refused, in plain words; never sent. */
  readonly why: string | null;
  /** The scripted fault this call met. */
  readonly fault: string | null;
  /** How many messages were accepted from it, whether or not the client was told. */
  readonly accepted: number;
}
