import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { transformSync } from '@swc/core';
import type { EmbeddedPostgresOptions } from '../../../libs/laaffic-outbox/src/embedded/index.js';

const ROOT = resolve(__dirname, '../../..');
const SOURCES = join(ROOT, 'libs/laaffic-outbox/src/embedded');

/** The entry, compiled for processes of its own; `module` is the kind that they load. */
export function compileEntry(folder: string, module: 'es6' | 'commonjs'): string {
  const target = join(folder, module);
  mkdirSync(target);
  writeFileSync(join(target, 'package.json'), JSON.stringify({ type: module === 'es6' ? 'module' : 'commonjs' }));
  for (const name of readdirSync(SOURCES).filter((file) => /(?<!\.spec)\.ts$/.test(file))) {
    const { code } = transformSync(readFileSync(join(SOURCES, name), 'utf8'), {
      filename: name,
      swcrc: false,
      module: { type: module },
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    });
    writeFileSync(join(target, name.replace(/ts$/, 'js')), code);
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'client.mjs'), readFileSync(join(__dirname, 'client.mjs')));
  chmodSync(folder, 0o755);
  return join(target, 'index.js');
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
}

/** A process that has started, or found, a server. */
export class ClientProcess {
  /** The last row that it was told is stored. */
  acknowledged = 0;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #said: Message[] = [];

  constructor(entry: string, options: EmbeddedPostgresOptions, how: { cwd?: string; uid?: number } = {}) {
    const program = join(resolve(entry, '../..'), 'client.mjs');
    const { cwd = resolve(entry, '../..'), uid } = how;
    this.#child = fork(program, [entry, JSON.stringify(options)], {
      cwd,
      // Nothing of Jest's.
      execArgv: [],
      env: { PATH: process.env['PATH'] },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    this.#exited = once(this.#child, 'exit');
    this.#child.on('message', (message: Message) => {
      this.acknowledged = message.acknowledged ?? this.acknowledged;
      this.#said.push(message);
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The url of its server. */
  async url(): Promise<string> {
    const { url, fault } = await this.#hears((message) => message.url !== undefined || message.fault !== undefined);
    if (url === undefined) throw new Error(fault!.message);
    return url;
  }

  async fault(): Promise<Fault> {
    return (await this.#hears((message) => message.fault !== undefined)).fault!;
  }

  insert(): void {
    this.#child.send('insert');
  }

  async close(): Promise<void> {
    this.#child.send('close');
    await this.#exited;
    const fault = this.#said.find((message) => message.fault !== undefined)?.fault;
    if (fault !== undefined) throw new Error(fault.message);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #hears(isIt: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.#said.find(isIt);
      if (found !== undefined) return found;
      await Promise.race([
        once(this.#child, 'message'),
        this.#exited.then(() => {
          if (!this.#said.some(isIt)) throw new Error('The process has ended.');
        }),
      ]);
    }
  }
}
