/** What the platform charges for a message. Amounts are decimals as text, for no float holds them exactly. */
export interface Price {
  /** The whole charge: `'0.02'`. */
  readonly total: string;
  /** The price of one segment: `'0.01'`. */
  readonly unit: string;
  /** How many segments are charged. */
  readonly segments: number;
  /** `'USD'`, `'EUR'`… */
  readonly currency: string;
}
