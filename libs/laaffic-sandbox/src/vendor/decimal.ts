/** An amount of money with up to six decimals, as the vendor writes it: `'99.990000'`, `'0'`. */
export type Decimal = string | number;

const DECIMAL = /^\d{1,9}(?:\.\d{1,6})?$/;

/** Converts an amount to whole millionths, so no charge is ever rounded. Returns `undefined` if it is not an amount. */
export function toMicros(amount: Decimal): number | undefined {
  const text = String(amount);
  if (!DECIMAL.test(text)) return undefined;
  const [units = '', decimals = ''] = text.split('.');
  return Number(units) * 1_000_000 + Number(decimals.padEnd(6, '0'));
}

export function fromMicros(micros: number): string {
  const sign = micros < 0 ? '-' : '';
  const digits = String(Math.abs(micros)).padStart(7, '0');
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
