import { normalizeNumber } from '../messages/phone-number.js';
import { RecipientFileError } from './recipient-file.error.js';

const NUMBER_NAMES: readonly string[] = ['number', 'phone', 'mobile', 'msisdn', 'to'];
const ORDER_ID_NAME = 'orderid';
/** A column with such a name may have order ids. Ignoring it would replace them with generated ones. */
const ORDER_ID_WORDS = /^(?:ids?|ref|reference|uuid|guid|order)$/;
const ORDER_ID_NAMES =
  /^(?:account|client|contact|customer|external|member|message|msg|order|record|ref|row|tracking|transaction|user)(?:id|no|nr|number|ref|reference)$/;
/** Does not match the first line of a page, of JSON or of a text. */
const LIKE_NAME = /^[\p{L}\p{M}\p{N}\s_.#()/:?*-]{1,64}$/u;
const NONE = 'none';
const POSITION = /^[1-9]\d{0,3}$/;
const MIN_DIGITS = 7;

/** The columns that the caller chose. */
export interface ChosenColumns {
  readonly numberColumn?: string | undefined;
  readonly orderIdColumn?: string | undefined;
}

/** The positions of the cells in a row. */
export interface Columns {
  readonly hasHeader: boolean;
  readonly number: number;
  readonly orderId: number | undefined;
  /** How many columns there are. */
  readonly count: number;
}

/** Normalizes a column name for comparison: `Order ID`, `order_id` and `orderId` are the same. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]/g, '');
}

/** Finds the names that mean the number, and those that mean the order id. */
export function namedColumns(names: readonly string[]): { numbers: number[]; orderIds: number[] } {
  const indexes = (test: (name: string) => boolean) =>
    names.flatMap((name, index) => (test(plainName(name)) ? [index] : []));
  return {
    numbers: indexes((name) => NUMBER_NAMES.includes(name)),
    orderIds: indexes((name) => name === ORDER_ID_NAME),
  };
}

/**
 * Finds the columns in the first row.
 * @param line the line of the first row.
 * @throws {RecipientFileError} if the row does not name them, or leaves a choice open.
 */
export function findColumns(firstRow: readonly string[], chosen: ChosenColumns, line: number): Columns {
  const count = firstRow.length;
  const number = numberColumnOf(firstRow, chosen.numberColumn, line);
  return { ...number, count, orderId: orderIdColumnOf(firstRow, chosen.orderIdColumn, number, line) };
}

function numberColumnOf(
  firstRow: readonly string[],
  chosen: string | undefined,
  line: number,
): { hasHeader: boolean; number: number } {
  if (chosen !== undefined) {
    const { index, isNamed } = positionOf('numberColumn', chosen, firstRow, line);
    return { hasHeader: isNamed || isName(firstRow[index] ?? ''), number: index };
  }
  const { numbers } = namedColumns(firstRow);
  const [first, second] = numbers;
  if (second !== undefined) {
    const names = numbers.map((index) => `"${firstRow[index]?.trim() ?? ''}"`).join(' and ');
    throw new RecipientFileError(`the numbers may be in the columns ${names}: choose one`, line, 'numberColumn');
  }
  if (first !== undefined) return { hasHeader: true, number: first };
  if (firstRow.length === 1) {
    const [cell = ''] = firstRow;
    const hasHeader = isName(cell);
    if (hasHeader && !LIKE_NAME.test(cell)) {
      throw new RecipientFileError('it does not start with a number or a column name: is it a list of numbers?', line);
    }
    return { hasHeader, number: 0 };
  }
  const problem = `the first row has ${firstRow.length} cells, and none is named ${NUMBER_NAMES.join(', ')}: choose the one with the numbers`;
  throw new RecipientFileError(problem, line, 'numberColumn');
}

function orderIdColumnOf(
  firstRow: readonly string[],
  chosen: string | undefined,
  { hasHeader, number }: { hasHeader: boolean; number: number },
  line: number,
): number | undefined {
  if (chosen !== undefined && plainName(chosen) === NONE) return undefined;
  if (chosen !== undefined) return positionOf('orderIdColumn', chosen, firstRow, line).index;
  if (!hasHeader) return undefined;
  const { orderIds } = namedColumns(firstRow);
  if (orderIds.length === 1) return orderIds[0];
  const found =
    orderIds.length > 0
      ? orderIds
      : firstRow.flatMap((name, index) => (index !== number && mayHoldOrderIds(name) ? [index] : []));
  if (found.length === 0) return undefined;
  const names = found.map((index) => `"${firstRow[index]?.trim() ?? ''}"`).join(' and ');
  const problem = `order ids may be in the ${found.length === 1 ? 'column' : 'columns'} ${names}: choose one, or none`;
  throw new RecipientFileError(problem, line, 'orderIdColumn');
}

/** The positions of all names that equal a name, without regard to case and punctuation. */
export function indexesNamed(names: readonly string[], name: string): number[] {
  const wanted = plainName(name);
  return names.flatMap((one, index) => (plainName(one) === wanted ? [index] : []));
}

function mayHoldOrderIds(name: string): boolean {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[\s_.#-]+/);
  return words.some((word) => ORDER_ID_WORDS.test(word)) || ORDER_ID_NAMES.test(plainName(name));
}

function positionOf(
  option: 'numberColumn' | 'orderIdColumn',
  chosen: string,
  firstRow: readonly string[],
  line: number,
): { index: number; isNamed: boolean } {
  const indexes = indexesNamed(firstRow, chosen);
  const [index, another] = indexes;
  if (another !== undefined) {
    throw new RecipientFileError(
      `there are ${indexes.length} columns ${JSON.stringify(chosen)}: choose by position`,
      line,
      option,
    );
  }
  if (index !== undefined) return { index, isNamed: true };
  if (POSITION.test(chosen) && Number(chosen) <= firstRow.length) return { index: Number(chosen) - 1, isNamed: false };
  const cells = firstRow.length === 1 ? 'one cell' : `${firstRow.length} cells`;
  throw new RecipientFileError(
    `there is no column ${JSON.stringify(chosen)}: the first row has ${cells}`,
    line,
    option,
  );
}

/** Whether a cell of the first row is a column name, and not a wrong number that has to be reported. */
function isName(cell: string): boolean {
  const digits = cell.replace(/\D/g, '').length;
  return digits === 0 || (digits < MIN_DIGITS && /\p{L}{2}/u.test(cell) && normalizeNumber(cell) === undefined);
}
