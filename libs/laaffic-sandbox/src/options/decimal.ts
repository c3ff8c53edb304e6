/** An amount of money as the vendor writes it: up to six decimals, e.g. `'99.990000'`, `'0'`. */
export type Decimal = string | number;

const form = /^\d{1,9}(?:\.\d{1,6})?$/;

/** Millionths of the currency as a whole number, so that no charge is ever rounded; `null` for what is no amount. */
export function toMicros(amount: Decimal): number | null {
  const text = String(amount);
  if (!form.test(text)) return null;
  const [units = '', decimals = ''] = text.split('.');
  return Number(units) * 1_000_000 + Number(decimals.padEnd(6, '0'));
}

export function fromMicros(micros: number): string {
  const sign = micros < 0 ? '-' : '';
  const digits = String(Math.abs(micros)).padStart(7, '0');
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
