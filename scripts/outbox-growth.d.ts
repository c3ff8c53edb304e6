/** What the app passes to a statement, by the names of its parameters. */
export type Params = Readonly<Record<string, unknown>>;

/** A statement that runs again and again while an outbox is used, with parameters for the rows of `fillOpen()`. */
export interface Recurring {
  /** Its name in `sql/queries`. */
  readonly name: string;
  /** Tells apart several entries of one name. */
  readonly variant?: string;
  readonly params: Params;
  /** How many rows it may read, if more than the open ones. */
  readonly mostRead?: number;
}

export const ACCOUNT: string;
export const RECURRING: readonly Recurring[];
export const RARE: readonly string[];
export const GROWING: readonly string[];
export function fillFinished(recipients: number): readonly string[];
export function fillOpen(): readonly string[];
