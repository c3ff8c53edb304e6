import type { Issue } from 'nestjs-laaffic';

const KNOWN = ['number', 'orderId'];

/** Whether something is an object with a field that no recipient has: perhaps an order id that is misspelt. */
export function hasStrayField(recipient: unknown): boolean {
  if (typeof recipient !== 'object' || recipient === null || Array.isArray(recipient)) return false;
  return Object.keys(recipient).some((field) => !KNOWN.includes(field));
}

/** What is wrong with the fields of one recipient, or of a list of them. */
export function strayFields(field: string, recipients: unknown): Issue[] {
  const list: readonly unknown[] = Array.isArray(recipients) ? recipients : [recipients];
  return list.flatMap((recipient, index) =>
    hasStrayField(recipient)
      ? [
          {
            field: Array.isArray(recipients) ? `${field}[${index}]` : field,
            problem: 'has a field that is not known: number, orderId',
          },
        ]
      : [],
  );
}
