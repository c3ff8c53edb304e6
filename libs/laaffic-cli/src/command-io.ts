import type { Readable, Writable } from 'node:stream';

/** Everything that a command uses of its process. */
export interface CommandIo {
  readonly stdin: Readable;
  /** Receives results only. */
  readonly stdout: Writable;
  /** Receives everything else, without secrets and with masked numbers. */
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  /** Aborted to stop gracefully; the reason is the name of a signal. */
  readonly stop: AbortSignal;
  /** A monotonic clock in milliseconds. */
  now(): number;
}
