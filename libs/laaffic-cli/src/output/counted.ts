const THOUSANDS = /\B(?=(\d{3})+$)/g;

/** `1234567` as `1,234,567`. */
export function grouped(count: number): string {
  return String(count).replace(THOUSANDS, ',');
}

/** `1 part`, `2 parts`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}
