/** Where an order id of ours points. */
export interface OrderPlace {
  readonly chunkId: string;
  readonly attempt: number;
  readonly slot: number;
}

// The form of every outbox, not of this one alone: what another has sent must not be taken for ours either.
const PLACE = /^([0-9a-f]{8})\.([0-9a-z]{1,13})\.([0-9a-z]{1,6})\.([0-9a-z]{1,4})$/;
const LARGEST_ID = 2n ** 63n - 1n;

/** The place that an order id names, if it was made by the ledger with this prefix. */
export function placeOf(orderId: string, prefix: string): OrderPlace | undefined {
  const [, made, chunk = '', attempt = '', slot = ''] = PLACE.exec(orderId) ?? [];
  if (made !== prefix) return undefined;
  const id = Array.from(chunk).reduce((sum, digit) => sum * 36n + BigInt(parseInt(digit, 36)), 0n);
  const place = { chunkId: String(id), attempt: parseInt(attempt, 36), slot: parseInt(slot, 36) };
  return id > LARGEST_ID || place.attempt >= 2 ** 31 || place.slot > 32_767 ? undefined : place;
}

/** Whether an outbox has made this order id. A caller who gives it again would have two messages with one id. */
export function isMadeOrderId(orderId: string): boolean {
  return PLACE.test(orderId);
}

/** What the order ids of one attempt of a chunk begin with. */
export function orderIdPrefix(prefix: string, chunkId: string, attempt: number): string {
  return `${prefix}.${BigInt(chunkId).toString(36)}.${attempt.toString(36)}`;
}

/** The order id of a slot: of the form that `SmsService` makes itself where it is given the prefix. */
export function madeOrderId(prefix: string, slot: number): string {
  return `${prefix}.${slot.toString(36)}`;
}
