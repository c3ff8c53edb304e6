import { plainName } from './columns.js';
import type { Line } from './lines.js';
import { recipientOf } from './recipient-of.js';
import type { Row } from './row.js';

/** Which fields of an object hold what, by their plain names; the first that is there counts. */
export interface JsonFields {
  readonly number: readonly string[];
  readonly orderId: readonly string[];
}

/** Each line a number, a text, or an object; what is none of them is given on for the module to refuse. */
export async function* jsonRows(lines: AsyncIterable<Line>, fields: JsonFields): AsyncGenerator<Row, void, undefined> {
  for await (const { text, line } of lines) yield { recipient: read(text, fields), line };
}

function read(text: string, { number, orderId }: JsonFields): Row['recipient'] {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return recipientOf(cell(value) ?? JSON.stringify(text.slice(0, 64)));
  }
  const cells = new Map(Object.entries(value).map(([name, content]) => [plainName(name), cell(content)]));
  const first = (names: readonly string[]) => names.map((name) => cells.get(name)).find((one) => one !== undefined);
  return recipientOf(first(number) ?? '', first(orderId));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cell(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}
