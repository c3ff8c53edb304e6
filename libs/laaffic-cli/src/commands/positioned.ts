import type { RecipientInput } from 'nestjs-laaffic';
import type { LineIndex } from '../input/line-index.js';
import type { Row } from '../input/row.js';

/** The recipients of rows; keeps the line of each position. */
export async function* positioned(
  rows: AsyncIterable<Row>,
  lines: LineIndex,
): AsyncGenerator<RecipientInput, void, undefined> {
  let position = 0;
  for await (const { recipient, line } of rows) {
    lines.add(position++, line);
    yield recipient;
  }
}
