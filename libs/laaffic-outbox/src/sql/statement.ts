/** One statement of `sql/queries`. `outbox.` stands for the schema. */
export interface Statement<Params extends object, Row extends object> {
  /**
   * The name under which a session plans it once and for all; `undefined` if it is planned at each use. To plan a
   * frequent statement takes as long as to run it. One whose best plan depends on its parameters has no name.
   */
  readonly name?: string;
  /** The names of `$1`, `$2`, … */
  readonly params: readonly (keyof Params & string)[];
  readonly text: string;
  /** Carries the type of the rows. Never there. */
  readonly row?: Row;
}

/** One file of `sql/migrations`. */
export interface Migration {
  /** From 1. */
  readonly version: number;
  readonly name: string;
  /** Whether older releases cannot work with the schema any more. */
  readonly isBreaking: boolean;
  /** Whether it builds indexes while the tables are in use, which cannot be done in a transaction. */
  readonly isConcurrent: boolean;
  readonly up: string;
  /** Takes it back; `undefined` for a breaking migration. */
  readonly rollback: string | undefined;
}

/** A parameter of the type bigint or numeric: a string if a number is not exact enough. */
export type Exact = number | string;

/** The functions of one release. */
export interface FunctionSet {
  /** The end of their names, of eight digits. */
  readonly digest: string;
  readonly text: string;
}

/** The JSON of `recipient_columns()`: one list for each column. */
export interface RecipientColumns {
  readonly slot: readonly number[];
  readonly state: readonly string[];
  readonly msgId: readonly (string | null)[];
  readonly code: readonly (string | null)[];
  readonly reason: readonly (string | null)[];
  readonly reportedAt: readonly (string | null)[];
  readonly gatewayTime: readonly (string | null)[];
  /** Of those recipients that have one; null if none has. */
  readonly charges: readonly ChargeColumns[] | null;
}

/** What the platform charges for a recipient. The first three values are all there, or none. */
export type ChargeColumns = readonly [
  slot: number,
  price: string | null,
  currency: string | null,
  segments: number | null,
  mcc: string | null,
  mnc: string | null,
];

/** The JSON of `invalid_columns()`: one list for each column. */
export interface InvalidColumns {
  readonly slot: readonly number[];
  readonly code: readonly string[];
  readonly reason: readonly (string | null)[];
  readonly line: readonly (number | null)[];
  readonly orderId: readonly (string | null)[];
  readonly input: readonly (string | null)[];
}

/** A statement without parameters, or without columns. */
export type Nothing = Readonly<Record<string, never>>;
