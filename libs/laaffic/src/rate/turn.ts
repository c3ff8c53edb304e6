/** What waits for its turn: one request to the gateway. */
export interface Turn {
  /** How many it is for; 0 for a request that sends nothing. */
  readonly recipients: number;
  readonly priority: 'high' | 'normal';
  /** Turns of one caller wait in line; callers are served in turn. */
  readonly caller: object;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds it may wait at most; with 0 it goes at once or not at all. */
  readonly timeout?: number | undefined;
}

/** How the wait ended: only who has `taken` a turn may go. */
export type TurnEnd = 'taken' | 'aborted' | 'timeout';
