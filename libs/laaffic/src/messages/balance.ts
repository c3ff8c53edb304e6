/** The balance of an account, in a currency that the platform does not name. Amounts are exact decimals as text. */
export interface Balance {
  /** Real money: `'99.990000'`. */
  readonly balance: string;
  /** Bonus money. */
  readonly gift: string;
  /** The credit line. Older platforms do not return it. */
  readonly credit?: string;
}
