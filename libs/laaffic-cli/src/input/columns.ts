import { InputError } from './input.error.js';

export const NUMBER_NAMES = ['number', 'phone', 'mobile', 'msisdn', 'to'];
export const ORDER_ID_NAMES = ['orderid'];
const PLACE = /^[1-9]\d{0,3}$/;

/** Which columns the user named. */
export interface ChosenColumns {
  /** A name, or a place counted from 1. */
  readonly column: string | undefined;
  readonly orderIdColumn: string | undefined;
}

/** Where in a row the cells are. */
export interface Columns {
  readonly hasHeader: boolean;
  readonly number: number;
  readonly orderId: number | undefined;
}

/** How names of columns are compared: `Order ID`, `order_id` and `orderId` are one. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '');
}

/**
 * Finds the columns in the first row.
 * @throws {InputError} if it does not tell them, or leaves a choice.
 */
export function findColumns(firstRow: readonly string[], { column, orderIdColumn }: ChosenColumns): Columns {
  const names = firstRow.map(plainName);
  const isHeader = (index: number) => !/\d/.test(firstRow[index] ?? '');
  const given = column === undefined ? undefined : placeOf('--column', column, firstRow);
  const orderId =
    orderIdColumn === undefined
      ? named(names, ORDER_ID_NAMES)[0]
      : placeOf('--order-id-column', orderIdColumn, firstRow).index;
  if (given !== undefined) {
    return { hasHeader: given.isNamed || isHeader(given.index), number: given.index, orderId };
  }
  const found = names.includes('number') ? [names.indexOf('number')] : named(names, NUMBER_NAMES);
  const [first] = found;
  if (first !== undefined) {
    if (found.length === 1) return { hasHeader: true, number: first, orderId };
    const choice = found.map((index) => firstRow[index]?.trim()).join(' and ');
    throw new InputError(`both ${choice} may hold the numbers: choose one with --column <name>`);
  }
  if (firstRow.length === 1) return { hasHeader: isHeader(0), number: 0, orderId: undefined };
  throw new InputError(
    `the first row has ${firstRow.length} cells, and none is named ${NUMBER_NAMES.join(', ')}: ` +
      'say which holds the numbers with --column <name>, or --column <place>, counted from 1',
  );
}

function placeOf(flag: string, chosen: string, firstRow: readonly string[]): { index: number; isNamed: boolean } {
  const index = firstRow.map(plainName).indexOf(plainName(chosen));
  if (index >= 0) return { index, isNamed: true };
  if (PLACE.test(chosen) && Number(chosen) <= firstRow.length) return { index: Number(chosen) - 1, isNamed: false };
  const cells = firstRow.length === 1 ? 'one cell' : `${firstRow.length} cells`;
  throw new InputError(`there is no column ${JSON.stringify(chosen)} (${flag}): the first row has ${cells}`);
}

function named(names: readonly string[], wanted: readonly string[]): number[] {
  return names.flatMap((name, index) => (wanted.includes(name) ? [index] : []));
}
