/** A request for a code. */
export interface Start {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** In E.164, with `+`. */
  readonly number: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** The IP address of the visitor. */
  readonly source: string;
  /** The number was verified before. */
  readonly isKnown: boolean;
  /** Price of the message in US dollars. */
  readonly cost: number;
  readonly isAttack: boolean;
  /** The time from the message to its code being entered. `undefined` if the code is never entered. */
  readonly willEnterCodeAfterMs: number | undefined;
  /** How long a visitor waits before each further try, if the request was rejected or no message came. */
  readonly retryAfterMs: readonly number[];
}

/** Starts in order of time, and who listens to their outcomes. */
export interface Traffic {
  readonly starts: Iterable<Start>;
  /** Tells the outcome of each start, so an attacker can react to it. */
  readonly observe?: ((start: Start, outcome: StartOutcome) => void) | undefined;
}

export type StartOutcome = 'sent' | 'rejected';
