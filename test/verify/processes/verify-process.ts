import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type {
  CheckOptions,
  CheckResult,
  CheckVerification,
  LaafficVerifyOptions,
  StartedVerification,
  StartOptions,
  StartVerification,
} from 'nestjs-laaffic-verify';
import { ACCOUNT } from '../../module/account.js';
import { compilePackages } from './compile-packages.js';

type End = 'commit' | 'rollback';

/** The code of the error of a call whose process was killed: what came of it is unknown. */
export const KILLED = 'KILLED';

/** What a process can be asked to do. The methods with `Within` do it in a transaction of the app that ends so. */
export interface Calls {
  start: { args: [StartVerification, StartOptions?]; value: StartedVerification };
  startWithin: { args: [End, StartVerification, StartOptions?]; value: StartedVerification };
  resend: { args: [id: string]; value: StartedVerification };
  resendWithin: { args: [End, id: string]; value: StartedVerification };
  check: { args: [CheckVerification, CheckOptions?]; value: CheckResult };
  checkWithin: { args: [End, CheckVerification]; value: CheckResult };
  cancel: { args: [id: string]; value: boolean };
  release: { args: [number: string]; value: boolean };
}

/** Where a call stops for ever. */
export interface Stop {
  /** The number of statements before it. */
  readonly at: number;
  /** Before the statement is sent, or when the server has run it and its answer is lost. */
  readonly when: 'before' | 'answered';
}

export interface Call<M extends keyof Calls = keyof Calls> {
  readonly method: M;
  readonly args: Calls[M]['args'];
  readonly stop?: Stop | undefined;
}

/** What came of a call. */
export interface Result<V = unknown> {
  readonly value?: V;
  readonly error?: { readonly code: string | undefined; readonly message: string; readonly cause: string | undefined };
  /** The names of its statements, or their first words. */
  readonly statements: readonly string[];
}

/** What came of a call whose process was killed. */
const UNKNOWN = { error: { code: KILLED, message: 'The process has ended', cause: undefined }, statements: [] };

export interface ProcessSettings {
  readonly database: string;
  /** In base64. */
  readonly sealKey: string;
  readonly connections: number;
  /** Without the schema's migration: that has to be done before. The keys are in base64. */
  readonly verify: Omit<LaafficVerifyOptions, 'keys'> & { readonly keys: readonly string[] };
}

/** A real process of an app with verification, with connections of its own. Its outbox sends nothing. */
export class VerifyProcess {
  readonly #waiting = new Map<
    number,
    { readonly count: number; readonly done: (results: readonly Result[]) => void }
  >();
  readonly #stopped = new Map<number, () => void>();
  #next = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', ({ id, results, stopped }: { id: number; results?: readonly Result[]; stopped?: unknown }) => {
      if (stopped !== undefined) this.#stopped.get(id)?.();
      if (results !== undefined) this.#waiting.get(id)?.done(results);
    });
    child.on('exit', () => {
      for (const { count, done } of this.#waiting.values()) done(Array<Result>(count).fill(UNKNOWN));
    });
  }

  static async start(settings: ProcessSettings): Promise<VerifyProcess> {
    const program = compilePackages(resolve(__dirname, '../../..'));
    const given = JSON.stringify({ ...settings, account: ACCOUNT, gateway: 'http://127.0.0.1:9/v3' });
    // Jest's own arguments are not for it.
    const child = fork(program, [given], { serialization: 'advanced', execArgv: [] });
    const died = once(child, 'exit').then(() => Promise.reject(new Error('The process ended before it was ready')));
    died.catch(() => undefined);
    await Promise.race([once(child, 'message'), died]);
    return new VerifyProcess(child);
  }

  /** Runs calls at once. */
  async all<M extends keyof Calls>(calls: readonly Call<M>[]): Promise<Result<Calls[M]['value']>[]> {
    const id = this.#next++;
    const { length: count } = calls;
    if (!this.child.connected) {
      await setImmediate();
      return Array<Result<Calls[M]['value']>>(count).fill(UNKNOWN);
    }
    const results = new Promise<readonly Result[]>((done) => this.#waiting.set(id, { count, done }));
    this.child.send({ id, calls: calls.map((call) => ({ ...call, id: this.#next++ })) }, (error) => {
      // It was killed a moment ago.
      if (error !== null) this.#waiting.get(id)?.done(Array<Result>(count).fill(UNKNOWN));
    });
    const given = await results;
    this.#waiting.delete(id);
    return [...given] as Result<Calls[M]['value']>[];
  }

  async call<M extends keyof Calls>(method: M, ...args: Calls[M]['args']): Promise<Result<Calls[M]['value']>> {
    const [result] = await this.all([{ method, args }]);
    return result!;
  }

  /** Runs calls until each of them has stopped where it should. */
  async stopAll(calls: readonly Call[]): Promise<void> {
    const sent = calls.map((call) => ({ ...call, id: this.#next++ }));
    const stops = sent.map(({ id }) => new Promise<void>((stopped) => this.#stopped.set(id, stopped)));
    this.child.send({ id: this.#next++, calls: sent });
    await Promise.all(stops);
  }

  /** Ends it as a crash does, at once. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
