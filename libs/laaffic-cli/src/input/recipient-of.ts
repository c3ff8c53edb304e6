import type { RecipientInput } from 'nestjs-laaffic';

/** What spreadsheets and data frames make of numbers: the digits after the point would become part of it. */
const DECIMAL = /^\s*\+?\d+[.,]0+\s*$/;
const LINE_BREAK = /[\r\n\v\f\u0085\u2028\u2029]/;

/**
 * A recipient of what cells hold. What would pass for another number, or another id, than was meant
 * is quoted, so that the module refuses it and shows it.
 */
export function recipientOf(number: string, orderId = ''): RecipientInput {
  const text = DECIMAL.test(number) || LINE_BREAK.test(number) ? JSON.stringify(number) : number;
  const id = orderId.trim();
  if (id === '') return text;
  // Bytes of another encoding: the id would come back as none of the caller's.
  return { number: text, orderId: id.includes('\ufffd') ? `${id} (not UTF-8)` : id };
}
