export interface PushAttempt {
  /** Milliseconds since 1970 by the gateway's clock. */
  readonly at: number;
  /** HTTP status of the answer; `null` when there was none. */
  readonly http: number | null;
  /** What went wrong on the line. */
  readonly error: string | null;
}

/** What the gateway told a customer's address, or tried to. */
export interface RecordedPush {
  /** Counts from 1. */
  readonly id: number;
  readonly kind: 'report' | 'inbound';
  readonly url: string;
  /** As it is sent, before it becomes JSON. */
  readonly body: Readonly<Record<string, unknown>>;
  /** `id` of the push this one repeats; `null` for a first one. */
  readonly copyOf: number | null;
  /** Acknowledged means HTTP 200; given up means that no attempt is left. */
  readonly outcome: 'pending' | 'acknowledged' | 'given-up';
  readonly attempts: readonly PushAttempt[];
}
