import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { InputError } from '../command.error.js';

/** The source of the numbers. */
export interface Input {
  /** The path as it was given; `-` for stdin. */
  readonly path: string;
  /** Whether it can be read twice. A pipe cannot. */
  readonly isFile: boolean;
  /** The first bytes, at least 4096 unless the input is shorter. */
  readonly head: Buffer;
  /** Reads the whole input, including `head`. */
  read(): AsyncIterable<Buffer>;
}

const HEAD_BYTES = 4096;

/** @throws {InputError} if the file does not exist or cannot be read. */
export async function openInput(path: string, stdin: Readable): Promise<Input> {
  if (path === '-') return fromStream('-', stdin);
  try {
    const file = await open(path);
    try {
      const stat = await file.stat();
      if (stat.isDirectory()) throw new InputError(`${path} is a folder: give a file of numbers`);
      if (stat.isFile()) {
        const head = Buffer.alloc(HEAD_BYTES);
        const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
        return { path, isFile: true, head: head.subarray(0, bytesRead), read: () => createReadStream(path) };
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`the input cannot be read: ${(error as Error).message}`);
  }
  return fromStream(path, createReadStream(path));
}

async function fromStream(path: string, stream: Readable): Promise<Input> {
  const chunks = (stream as AsyncIterable<Buffer | string>)[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let [size, isEnded] = [0, false];
  while (size < HEAD_BYTES && !isEnded) {
    const step = await chunks.next();
    isEnded = step.done === true;
    if (step.done === true) break;
    const chunk = Buffer.from(step.value);
    first.push(chunk);
    size += chunk.length;
  }
  const head = Buffer.concat(first);
  async function* read(): AsyncGenerator<Buffer, void, undefined> {
    yield head;
    if (isEnded) return;
    for await (const chunk of { [Symbol.asyncIterator]: () => chunks }) yield Buffer.from(chunk);
  }
  return { path, isFile: false, head, read };
}
