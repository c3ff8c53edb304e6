/** The place that a generated order id points to. */
export interface OrderPlace {
  readonly chunkId: string;
  readonly attempt: number;
  readonly slot: number;
}

// Matches the order ids of every outbox, not only of this one: those of another outbox must not be taken for our own.
const PLACE = /^([0-9a-f]{8})\.([0-9a-z]{1,13})\.([0-9a-z]{1,6})\.([0-9a-z]{1,4})$/;
const LARGEST_ID = 2n ** 63n - 1n;
const ROW_ID = /^[1-9]\d{0,18}$/;

/** Whether a text can be the id of a row. Anything else would make the database reject the statement. */
export function isRowId(id: string): boolean {
  return ROW_ID.test(id) && BigInt(id) <= LARGEST_ID;
}

/** The place that an order id names, if the outbox with this prefix made it. */
export function placeOf(orderId: string, prefix: string): OrderPlace | undefined {
  const [, made, chunk = '', attempt = '', slot = ''] = PLACE.exec(orderId) ?? [];
  if (made !== prefix) return undefined;
  const id = parseId(chunk);
  const place = { chunkId: String(id), attempt: parseInt(attempt, 36), slot: parseInt(slot, 36) };
  return id > LARGEST_ID || place.attempt >= 2 ** 31 || place.slot > 32_767 ? undefined : place;
}

/** Most ids are numbers that JavaScript can represent, and a `bigint` costs several times as much. */
function parseId(digits: string): number | bigint {
  const id = parseInt(digits, 36);
  if (Number.isSafeInteger(id)) return id;
  return Array.from(digits).reduce((sum, digit) => sum * 36n + BigInt(parseInt(digit, 36)), 0n);
}

/** Whether any outbox made this order id. A caller who reuses it would have two messages with one id. */
export function isMadeOrderId(orderId: string): boolean {
  return PLACE.test(orderId);
}

/** Whether another outbox than the one with this prefix made the order id. */
export function isMadeElsewhere(orderId: string, prefix: string): boolean {
  const made = PLACE.exec(orderId)?.[1];
  return made !== undefined && made !== prefix;
}

/** The prefix of the order ids of one attempt of a chunk. */
export function orderIdPrefix(prefix: string, chunkId: string, attempt: number): string {
  return `${prefix}.${BigInt(chunkId).toString(36)}.${attempt.toString(36)}`;
}

/** The order id of a slot. `SmsService` generates the same form when it gets the prefix. */
export function madeOrderId(prefix: string, slot: number): string {
  return `${prefix}.${slot.toString(36)}`;
}
