import type { Readable, Writable } from 'node:stream';

/** The world of a command. */
export interface CommandIo {
  readonly stdin: Readable;
  /** Gets results alone. */
  readonly stdout: Writable;
  /** Gets everything else, without secrets and whole numbers. */
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  /** Aborted to stop in good order, with the name of a signal as its reason. */
  readonly stop: AbortSignal;
  /** Milliseconds, for the rate of the progress. */
  now(): number;
}
