import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A Node program of its own process, read as an operator reads it. */
export class Program {
  static readonly #running = new Set<Program>();
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  printed = '';
  errors = '';

  /** @param how by default by this Node, as this user. */
  constructor(
    cwd: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    how: { readonly node?: string; readonly uid?: number } = {},
  ) {
    const { node = process.execPath, uid } = how;
    this.#child = spawn(node, args, {
      cwd,
      env: { PATH: process.env['PATH'], ...env },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.printed += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    Program.#running.add(this);
    this.#closed = once(this.#child, 'close').then(() => {
      Program.#running.delete(this);
    });
  }

  /** Ends those that a test has left running. */
  static async endAll(): Promise<void> {
    await Promise.all([...Program.#running].map((program) => program.end('SIGKILL')));
  }

  /** Resolves with what was found on standard output once it is there. */
  async says(wanted: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = wanted.exec(this.printed);
      if (found !== null) return found;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`It ended without saying ${String(wanted)}:\n${this.printed}\n${this.errors}`);
      }
      await Promise.race([once(this.#child.stdout!, 'data'), this.#closed]);
    }
  }

  /** Sends it a signal. @returns the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    return this.ended;
  }

  /** The exit code, or the signal that ended it. */
  get ended(): Promise<number | NodeJS.Signals | null> {
    return this.#closed.then(() => this.#child.exitCode ?? this.#child.signalCode);
  }
}
