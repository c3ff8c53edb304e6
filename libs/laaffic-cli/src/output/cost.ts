const AMOUNT = /^(\d{1,12})(?:\.(\d{1,12}))?$/;

/** A price as exact as it was written: no float holds 0.1. */
export class Price {
  private constructor(
    private readonly units: bigint,
    private readonly decimals: number,
  ) {}

  /** @returns `undefined` if the text is no amount such as `0.0123`. */
  static from(text: string): Price | undefined {
    const [, whole, fraction = ''] = AMOUNT.exec(text) ?? [];
    return whole === undefined ? undefined : new Price(BigInt(whole + fraction), fraction.length);
  }

  /** The price of so many, with as many decimals. */
  times(count: number): string {
    const digits = String(this.units * BigInt(count)).padStart(this.decimals + 1, '0');
    const whole = digits.length - this.decimals;
    return this.decimals === 0 ? digits : `${digits.slice(0, whole)}.${digits.slice(whole)}`;
  }
}
