import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { UsageError } from '../usage.error.js';

/** What a journal is the journal of: another run must not take it for its own. */
export interface Fingerprint {
  /** A digest of content and sender. */
  readonly message: string;
  /** A digest of the input: of all of a file, of the beginning of a pipe. */
  readonly input: string;
  /** How the input is read. */
  readonly layout: string;
  /** Whose messages they are. */
  readonly account: string;
}

const MEANINGS: Readonly<Record<keyof Fingerprint, string>> = {
  message: 'another content or sender',
  input: 'another input, or this one before it was changed',
  layout: 'another column or format of the input',
  account: 'another account, or a sandbox',
};

export function digest(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * @returns `undefined` if there is no such file.
 * @throws {UsageError} if it holds no fingerprint.
 */
export async function readFingerprint(path: string): Promise<Fingerprint | undefined> {
  try {
    const found = JSON.parse(await readFile(path, 'utf8')) as Fingerprint | null;
    if (typeof found?.message === 'string' && typeof found.input === 'string') return found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UsageError(`${path} does not tell which run its journal belongs to: give another --journal`);
}

/** Resolves when it is on the disk. */
export async function writeFingerprint(path: string, fingerprint: Fingerprint): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(fingerprint)}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** In what two runs differ, in words; `undefined` if in nothing. */
export function difference(found: Fingerprint, own: Fingerprint): string | undefined {
  const fields = Object.keys(MEANINGS) as (keyof Fingerprint)[];
  const different = fields.filter((field) => found[field] !== own[field]);
  return different.length === 0 ? undefined : different.map((field) => MEANINGS[field]).join(', and of ');
}
