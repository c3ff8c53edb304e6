/** Below 0 if `a` is less than `b`, 0 if they are equal; exact for decimals of any length, as text. */
export function compareDecimals(a: string, b: string): number {
  const places = Math.max(placesOf(a), placesOf(b));
  const [left, right] = [scaled(a, places), scaled(b, places)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function placesOf(decimal: string): number {
  const point = decimal.indexOf('.');
  return point < 0 ? 0 : decimal.length - point - 1;
}

function scaled(decimal: string, places: number): bigint {
  return BigInt(decimal.replace('.', '') + '0'.repeat(places - placesOf(decimal)));
}
