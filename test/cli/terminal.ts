import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { run } from '../../libs/laaffic-cli/src/run.js';

class Captured extends Writable {
  text = '';
  onText: (text: string) => void = () => undefined;

  constructor(readonly isTTY: boolean) {
    super({ decodeStrings: false });
  }

  override _write(chunk: unknown, _: BufferEncoding, done: () => void): void {
    this.text += String(chunk);
    this.onText(this.text);
    done();
  }
}

/** The output of a command, and its exit code. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Circumstances {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string | Buffer | Readable;
  readonly isTTY?: boolean;
  readonly stop?: AbortController;
  readonly now?: () => number;
  /** Called with the whole stdout each time it grows. */
  readonly onStdout?: (text: string) => void;
}

/** Runs a command in this process. */
export async function laaffic(argv: readonly string[], given: Circumstances = {}): Promise<Printed> {
  const { env = {}, stdin = '', isTTY = false, stop = new AbortController(), now = () => 0, onStdout } = given;
  const [stdout, stderr] = [new Captured(false), new Captured(isTTY)];
  if (onStdout !== undefined) stdout.onText = onStdout;
  const input = stdin instanceof Readable ? stdin : Readable.from([Buffer.from(stdin)]);
  const io = { stdin: input, stdout, stderr, env, version: '1.2.3', stop: stop.signal, now };
  const code = await run(argv, io);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** Creates a folder for the test file, and removes it at the end. */
export function temporaryFolder(): { readonly path: string; file(name: string): string } {
  const path = mkdtempSync(join(tmpdir(), 'laaffic-cli-'));
  afterAll(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return { path, file: (name) => join(path, name) };
}

export const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
