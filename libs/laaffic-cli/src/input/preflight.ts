import { createHash } from 'node:crypto';
import type { RecipientFileOptions } from 'nestjs-laaffic/recipient-files';
import { InputError, InterruptedError } from '../command.error.js';
import { readRows } from './layout.js';
import type { Input } from './open-input.js';

/** What is known about an input before anything is sent. */
export interface Preflight {
  /** A digest of the whole file. A pipe is read only once, so its digest covers only its beginning. */
  readonly digest: string;
  /** `undefined` for a pipe. */
  readonly rows: number | undefined;
}

/**
 * Reads a file to its end once, because nothing may be sent from a damaged one.
 * @throws {InputError} if it cannot be read to its end, or is empty.
 */
export async function preflight(input: Input, layout: RecipientFileOptions, stop: AbortSignal): Promise<Preflight> {
  const hash = createHash('sha256');
  if (!input.isFile) return { digest: hash.update(input.head).digest('hex'), rows: undefined };
  async function* hashed(): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of input.read()) {
      if (stop.aborted) throw new InterruptedError();
      hash.update(chunk);
      yield chunk;
    }
  }
  const all = readRows(hashed(), layout);
  let rows = 0;
  for (let step = await all.next(); step.done !== true; step = await all.next()) rows++;
  if (rows === 0) throw InputError.empty();
  return { digest: hash.digest('hex'), rows };
}
