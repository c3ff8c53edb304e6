import { createHash } from 'node:crypto';
import { InterruptedError } from '../interrupted.error.js';
import { InputError } from './input.error.js';
import { rowsOf, type Layout } from './layout.js';
import type { Input } from './open-input.js';

/** What is known of an input before anything is sent. */
export interface Survey {
  /** A digest of all of a file; of a pipe, of what it begins with. */
  readonly digest: string;
  /** `undefined` for a pipe. */
  readonly rows: number | undefined;
}

/**
 * Reads a file to its end once, so that nothing is sent from one that cannot be read to its end.
 * @throws {InputError} if it cannot, or holds nothing.
 */
export async function survey(input: Input, layout: Layout, stop: AbortSignal): Promise<Survey> {
  const hash = createHash('sha256');
  if (!input.isFile) return { digest: hash.update(input.head).digest('hex'), rows: undefined };
  async function* hashed(): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of input.read()) {
      if (stop.aborted) throw new InterruptedError();
      hash.update(chunk);
      yield chunk;
    }
  }
  const all = rowsOf(hashed(), layout);
  let rows = 0;
  for (let step = await all.next(); step.done !== true; step = await all.next()) rows++;
  if (rows === 0) throw new InputError('the input is empty: give numbers, one a row');
  return { digest: hash.digest('hex'), rows };
}
