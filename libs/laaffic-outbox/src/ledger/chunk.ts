/** What a worker needs to send one chunk. */
export interface ClaimedChunk {
  readonly id: string;
  readonly attempt: number;
  readonly campaignId: string | undefined;
  /** One entry a slot; those that are empty are nobody's. */
  readonly numbers: readonly string[];
  /** The callers' own, by slot; empty where there is none. */
  readonly orderIds: readonly string[] | undefined;
  readonly content: string;
  readonly senderId: string | undefined;
  /** How often a limit of its one number has put it off. */
  readonly numberRetries: number;
  /** Further requests that may be spent on finding out which number is refused. */
  readonly isolation: number;
  /** Milliseconds after which it must not be sent any more. */
  readonly expiresIn: number | undefined;
  /** Whether an earlier attempt may have been taken: a refusal does not mean that nothing was sent. */
  readonly isDoubtful: boolean;
  /** Whether it was claimed to see if the paused account works again. */
  readonly isProbe: boolean;
  /** Whether it was claimed to see if the lane gets answers to larger requests again. */
  readonly isLaneTry: boolean;
  /** Milliseconds from when it could have been claimed until it was, by the database's clock. */
  readonly waited: number;
}
