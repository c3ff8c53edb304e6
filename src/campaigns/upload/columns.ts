import { UploadError } from './upload.error.js';

const NUMBER_NAMES = ['number', 'phone', 'mobile', 'msisdn', 'to'];
const ORDER_ID_NAME = 'orderid';

/** Where in a row the cells are. */
export interface Columns {
  readonly hasHeader: boolean;
  readonly number: number;
  readonly orderId: number | undefined;
  /** How many there are. */
  readonly count: number;
}

/**
 * Finds the columns in the first row.
 * @throws {UploadError} if it does not tell them, or leaves a choice.
 */
export function findColumns(firstRow: readonly string[]): Columns {
  const names = firstRow.map(plainName);
  const count = firstRow.length;
  const found = names.flatMap((name, index) => (NUMBER_NAMES.includes(name) ? [index] : []));
  const exact = names.indexOf('number');
  const [first, second] = exact >= 0 ? [exact] : found;
  const orderId = names.indexOf(ORDER_ID_NAME);
  if (first !== undefined && second === undefined) {
    return { hasHeader: true, number: first, orderId: orderId >= 0 ? orderId : undefined, count };
  }
  if (second !== undefined) {
    throw new UploadError('the first row names several columns with numbers: call the right one `number`', 1);
  }
  if (count === 1 && /\d/.test(firstRow[0] ?? '')) return { hasHeader: false, number: 0, orderId: undefined, count };
  throw new UploadError('the first row names no column `number`, and is not a single column of numbers', 1);
}

/** How names of columns are compared: `Order ID`, `order_id` and `orderId` are one. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '');
}
