/** What an account holds. Amounts are decimals as text, for no float holds them exactly; the platform tells no currency. */
export interface Balance {
  /** Real money: `'99.990000'`. */
  readonly balance: string;
  /** Bonus money. */
  readonly gift: string;
  /** The credit line; older platforms do not tell it. */
  readonly credit?: string;
}
