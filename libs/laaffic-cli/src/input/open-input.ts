import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { InputError } from './input.error.js';
import { LONGEST_ROW } from './row.js';

/** Where numbers come from. */
export interface Input {
  /** As it was given; `-` for stdin. */
  readonly path: string;
  /** Whether it can be read again: a pipe cannot. */
  readonly isFile: boolean;
  /** What it begins with, enough for a row. */
  readonly head: Buffer;
  /** All of it, head included. */
  read(): AsyncIterable<Buffer>;
}

const HEAD = LONGEST_ROW + 4096;

/** @throws {InputError} if there is no such file, or it cannot be read. */
export async function openInput(path: string, stdin: Readable): Promise<Input> {
  if (path === '-') return fromStream('-', stdin);
  try {
    const file = await open(path);
    try {
      const stat = await file.stat();
      if (stat.isDirectory()) throw new InputError(`${path} is a folder: give a file with numbers`);
      if (stat.isFile()) {
        const head = Buffer.alloc(HEAD);
        const { bytesRead } = await file.read(head, 0, HEAD, 0);
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
  while (size < HEAD && !isEnded) {
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
