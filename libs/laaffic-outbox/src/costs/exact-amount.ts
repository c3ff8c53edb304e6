/** Units of an amount: 10^-18. Prices have up to 15 decimals, and sums of charges up to 12. */
const DECIMALS = 18;
const AMOUNT = /^(-?)(\d+)(?:\.(\d{1,18}))?$/;

/**
 * Reads a decimal. Amounts are integers of 10^-18, so their sums and products with whole numbers are exact.
 * @throws {RangeError} if the text is no decimal with at most 18 decimals.
 */
export function readAmount(text: string): bigint {
  const [, sign, whole, fraction = ''] = AMOUNT.exec(text) ?? [];
  if (whole === undefined) throw new RangeError('This is not a decimal with at most 18 decimals');
  const amount = BigInt(whole + fraction.padEnd(DECIMALS, '0'));
  return sign === '-' ? -amount : amount;
}

/** Writes an amount without zeros at its end, so the same amount always looks the same: `0.04`, `12`. */
export function writeAmount(amount: bigint): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  const whole = digits.slice(0, -DECIMALS);
  return (amount < 0n ? '-' : '') + (fraction === '' ? whole : `${whole}.${fraction}`);
}

/** Multiplies an amount by a ratio of whole numbers, and rounds up to 12 decimals. The amount is not negative. */
export function scaleAmount(amount: bigint, numerator: number, denominator: number): bigint {
  const step = 10n ** BigInt(DECIMALS - 12);
  const divisor = BigInt(denominator) * step;
  return ((amount * BigInt(numerator) + divisor - 1n) / divisor) * step;
}
