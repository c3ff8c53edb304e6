import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { UsageError } from '../command.error.js';

/** Identifies the run that a journal belongs to, so that another run does not use it. */
export interface Fingerprint {
  /** A digest of the content and the sender. */
  readonly message: string;
  /** A digest of the whole file, or of the beginning of a pipe. */
  readonly input: string;
  /** A digest of the options that the input is read with. */
  readonly layout: string;
  /** A digest of the account and the gateway. */
  readonly account: string;
}

const DIFFERENCES: Readonly<Record<keyof Fingerprint, string>> = {
  message: 'another content or sender',
  input: 'another input or an earlier version of it',
  layout: 'another format, encoding or column',
  account: 'another account or a sandbox',
};

export function digest(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * @returns `undefined` if the file does not exist.
 * @throws {UsageError} if the file contains no fingerprint.
 */
export async function readFingerprint(path: string): Promise<Fingerprint | undefined> {
  try {
    const found = JSON.parse(await readFile(path, 'utf8')) as Fingerprint | null;
    if (typeof found?.message === 'string' && typeof found.input === 'string') return found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UsageError(`${path} does not identify the run of its journal: use another --journal`);
}

/** Resolves when the fingerprint is on the disk. */
export async function writeFingerprint(path: string, fingerprint: Fingerprint): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(fingerprint)}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Describes how two runs differ. @returns `undefined` if they do not. */
export function describeDifference(found: Fingerprint, own: Fingerprint): string | undefined {
  const fields = Object.keys(DIFFERENCES) as (keyof Fingerprint)[];
  const different = fields.filter((field) => found[field] !== own[field]);
  return different.length === 0 ? undefined : different.map((field) => DIFFERENCES[field]).join(' and ');
}
