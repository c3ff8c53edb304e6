import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EmbeddedPostgresOptions, EmbeddedPostgresState } from 'nestjs-embedded-postgres';
import { packageFor, thisPlatform } from '../../libs/embedded-postgres/src/binaries.js';
import { compileEntry } from './compile-entry.js';

const ROOT = resolve(__dirname, '../..');

/**
 * Makes an app that loads the entry in its own processes. It copies all its dependencies, because other users may not
 * be able to enter the checkout.
 * @returns the entry for each kind of module
 */
export function makeClientApp(folder: string): { esm: string; cjs: string } {
  mkdirSync(folder);
  const needed = ['pg', '@nestjs/common', 'reflect-metadata', 'rxjs', packageFor(thisPlatform())];
  for (const name of needed) {
    const source = join(ROOT, 'node_modules', name);
    cpSync(source, join(folder, 'node_modules', name), { recursive: true, verbatimSymlinks: true });
    const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { dependencies?: object };
    needed.push(...Object.keys(manifest.dependencies ?? {}).filter((other) => !needed.includes(other)));
  }
  cpSync(join(__dirname, 'client.mjs'), join(folder, 'client.mjs'));
  const sources = join(ROOT, 'libs/embedded-postgres/src');
  const entries = {
    esm: compileEntry(sources, join(folder, 'esm'), 'es6'),
    cjs: compileEntry(sources, join(folder, 'cjs'), 'commonjs'),
  };
  execFileSync('chmod', ['-R', 'a+rX', folder]);
  return entries;
}

export interface Fault {
  readonly code: string;
  readonly message: string;
}

interface Message {
  readonly url?: string;
  readonly fault?: Fault;
  readonly closed?: true;
  readonly acknowledged?: number;
  /** As JSON: its dates are texts. */
  readonly state?: EmbeddedPostgresState;
}

/** A process that has started or found a server. */
export class ClientProcess {
  /** The last row that the server acknowledged. */
  acknowledged = 0;
  /** What it has logged. */
  printed = '';
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #said: Message[] = [];

  constructor(entry: string, options: EmbeddedPostgresOptions, how: { cwd?: string; uid?: number } = {}) {
    const program = join(resolve(entry, '../..'), 'client.mjs');
    const { cwd = resolve(entry, '../..'), uid } = how;
    this.#child = fork(program, [entry, JSON.stringify(options)], {
      cwd,
      // Without Jest's variables.
      execArgv: [],
      env: { PATH: process.env['PATH'], NO_COLOR: '1' },
      silent: true,
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      output?.setEncoding('utf8').on('data', (text: string) => (this.printed += text));
    }
    this.#exited = once(this.#child, 'exit');
    this.#child.on('message', (message: Message) => {
      this.acknowledged = message.acknowledged ?? this.acknowledged;
      this.#said.push(message);
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The URL of its server. */
  async url(): Promise<string> {
    const { url, fault } = await this.#hears((message) => message.url !== undefined || message.fault !== undefined);
    if (url === undefined) throw new Error(fault!.message);
    return url;
  }

  async fault(): Promise<Fault> {
    return (await this.#hears((message) => message.fault !== undefined)).fault!;
  }

  async state(): Promise<EmbeddedPostgresState> {
    const said = this.#said.length;
    this.#child.send('state');
    return (await this.#hears((message) => message.state !== undefined, said)).state!;
  }

  /** Lines of its log, without process ids and times. */
  get log(): string[] {
    return this.printed.split('\n').flatMap((line) => {
      const [, level, text] = /^\[Nest\] .* (LOG|WARN|ERROR) \[EmbeddedPostgres\] (.*)$/.exec(line) ?? [];
      return level === undefined ? [] : [`${level} ${text}`];
    });
  }

  /** Stops the process for the system, until `SIGCONT`. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  /** Starts to insert rows. `acknowledged` tells how far it is. */
  insert(): void {
    this.#child.send('insert');
  }

  async close(): Promise<void> {
    this.#child.send('close');
    await this.#exited;
    const fault = this.#said.find((message) => message.fault !== undefined)?.fault;
    if (fault !== undefined) throw new Error(fault.message);
  }

  /** Kills it, as a crash would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** @param from the number of earlier messages that do not count. */
  async #hears(isIt: (message: Message) => boolean, from = 0): Promise<Message> {
    for (;;) {
      const found = this.#said.slice(from).find(isIt);
      if (found !== undefined) return found;
      await Promise.race([
        once(this.#child, 'message'),
        this.#exited.then(() => {
          if (!this.#said.slice(from).some(isIt)) throw new Error('The process has ended.');
        }),
      ]);
    }
  }
}
