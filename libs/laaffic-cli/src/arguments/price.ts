const AMOUNT = /^(\d{1,12})(?:\.(\d{1,12}))?$/;

/** An exact decimal price. A float cannot represent 0.1. */
export class Price {
  readonly #units: bigint;
  readonly #decimals: number;

  private constructor(units: bigint, decimals: number) {
    this.#units = units;
    this.#decimals = decimals;
  }

  /** @returns `undefined` if the text is not an amount such as `0.0123`. */
  static from(text: string): Price | undefined {
    const [, whole, fraction = ''] = AMOUNT.exec(text) ?? [];
    return whole === undefined ? undefined : new Price(BigInt(whole + fraction), fraction.length);
  }

  /** Multiplies the price by a count and keeps its number of decimals. */
  times(count: number): string {
    const digits = String(this.#units * BigInt(count)).padStart(this.#decimals + 1, '0');
    const whole = digits.length - this.#decimals;
    return this.#decimals === 0 ? digits : `${digits.slice(0, whole)}.${digits.slice(whole)}`;
  }
}
