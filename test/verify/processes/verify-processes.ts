import { createSecretKey, randomBytes } from 'node:crypto';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import {
  LaafficVerifyModule,
  SmsVerification,
  type StartOptions,
  type CheckResult,
  type StartedVerification,
} from 'nestjs-laaffic-verify';
import { Pool, type QueryResultRow } from 'pg';
import { VerificationKeys } from '../../../libs/laaffic-verify/src/codes/verification-keys.js';
import { readPhoneNumber } from '../../../libs/laaffic-verify/src/numbers/phone-number.js';
import { ACCOUNT } from '../../module/account.js';
import { until } from '../../until.js';
import { startDatabase, type TestDatabase } from '../../outbox/database.js';
import { VerifyProcess, type Call, type Calls, type ProcessSettings, type Result } from './verify-process.js';

export const PURPOSE = 'sign-in';

/** A verification as it is stored. */
export interface Row extends QueryResultRow {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly sends: number;
  readonly generation: number;
  readonly message_id: string | null;
}

/** A database, and several processes that verify numbers in it. */
export class VerifyProcesses {
  readonly #keys: VerificationKeys;
  #numbers = 0;

  private constructor(
    private readonly database: TestDatabase,
    private readonly settings: ProcessSettings,
    readonly pool: Pool,
    readonly processes: VerifyProcess[],
  ) {
    this.#keys = new VerificationKeys(settings.verify.keys.map((key) => createSecretKey(Buffer.from(key, 'base64'))));
  }

  /** @param verify the options of the processes, besides those that every test has. */
  static async start(
    verify: Partial<Omit<ProcessSettings['verify'], 'keys'>> = {},
    { count = 3, connections = 12 } = {},
  ): Promise<VerifyProcesses> {
    const database = await startDatabase();
    const keys = [randomBytes(32).toString('base64')];
    const settings: ProcessSettings = {
      ...{ database: database.url, sealKey: randomBytes(32).toString('base64'), connections },
      verify: { keys, countries: ['GB'], expectedPerDay: 1_000_000, app: 'Example', ...verify },
    };
    const pool = new Pool({ connectionString: database.url, max: 4 });
    pool.on('error', () => undefined);
    const all = new VerifyProcesses(database, settings, pool, []);
    // The processes only check the schemas.
    const { close } = await all.app({ worker: false });
    await close();
    await all.add(count);
    return all;
  }

  /** Starts more processes. */
  async add(count: number): Promise<void> {
    const started = Array.from({ length: count }, () => VerifyProcess.start(this.settings));
    this.processes.push(...(await Promise.all(started)));
  }

  /** Kills a process, and starts another one in its place. */
  async restart(index: number): Promise<void> {
    await this.processes[index]!.kill();
    this.processes[index] = await VerifyProcess.start(this.settings);
  }

  /** Waits until the server has rolled back what processes that were killed have left. */
  async untilIdle(): Promise<void> {
    await until(async () => {
      const rows = await this.query(
        `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
          and backend_type = 'client backend' and xact_start is not null`,
      );
      return rows.length === 0;
    });
  }

  /** An app in the process of the test. */
  async app(outbox: Partial<LaafficOutboxOptions>, gateway = 'http://127.0.0.1:9/v3') {
    const { database, sealKey, verify } = this.settings;
    const sealKeys = [Buffer.from(sealKey, 'base64')];
    @Module({
      imports: [
        LaafficModule.forRoot({ ...ACCOUNT, baseUrl: gateway, isGlobal: true }),
        LaafficOutboxModule.forRoot({ database, sealKeys, isGlobal: true, ...outbox }),
        LaafficVerifyModule.forRoot({ ...verify, keys: verify.keys.map((key) => Buffer.from(key, 'base64')) }),
      ],
    })
    class App {}
    const app: INestApplicationContext = await NestFactory.createApplicationContext(App, {
      ...{ logger: false, abortOnError: false },
    });
    return { verification: app.get(SmsVerification), close: () => app.close() };
  }

  /** A British mobile number that no test has used. The first hundreds are in ranges of their own. */
  newNumber(): string {
    for (;;) {
      const count = this.#numbers++;
      const number = `+447${String(400 + (count % 600))}${String(100_000 + Math.floor(count / 600)).padStart(6, '0')}`;
      const read = readPhoneNumber(number);
      if (!('problem' in read) && read.country === 'GB' && read.type === 'MOBILE') return number;
    }
  }

  /** Runs calls at once, in turns over all processes. @returns the results in the order of the calls. */
  async all<M extends keyof Calls>(calls: readonly Call<M>[]): Promise<Result<Calls[M]['value']>[]> {
    const { length } = this.processes;
    const shares = await Promise.all(
      this.processes.map((each, index) => each.all(calls.filter((_, at) => at % length === index))),
    );
    return calls.map((_, at) => shares[at % length]![Math.floor(at / length)]!);
  }

  /** Starts a verification in the first process. @returns its id. */
  async startOne(number = this.newNumber(), options: StartOptions = {}): Promise<string> {
    const { value, error } = await this.processes[0]!.call('start', { to: number, purpose: PURPOSE }, options);
    if (value === undefined) throw new Error(`A start failed: ${String(error?.code)}`);
    return value.id;
  }

  /** The code that a verification has, or will have. @param generation from 1; each renewal has the next one. */
  codeAt(id: string, generation: number): string {
    return this.#keys.codeOf(id, this.#keys.currentId, generation, 6)!;
  }

  async row(id: string): Promise<Row> {
    const [row] = await this.query<Row>('select * from laaffic_verify.verification where id = $1', [id]);
    return row!;
  }

  async query<R extends QueryResultRow>(text: string, params: unknown[] = []): Promise<R[]> {
    return (await this.pool.query<R>(text, params)).rows;
  }

  /** How many messages the outbox has for a number. */
  async messagesTo(number: string): Promise<number> {
    const text = 'select count(*)::int as count from laaffic_outbox.chunk where numbers = $1';
    const [row] = await this.query<{ count: number }>(text, [number.slice(1)]);
    return row!.count;
  }

  /** How often the server has ended a statement that waited for another in a circle. */
  async deadlocks(): Promise<number> {
    const text = 'select deadlocks::int from pg_stat_database where datname = current_database()';
    const [row] = await this.query<{ deadlocks: number }>(text);
    return row!.deadlocks;
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.kill()));
    await this.pool.end();
    await this.database.close();
  }
}

/** Checks of codes, for {@link VerifyProcesses.all}. */
export function checksOf(id: string, codes: readonly string[]): Call<'check'>[] {
  return codes.map((code) => ({ method: 'check', args: [{ id, purpose: PURPOSE, code }] }));
}

/** How often each answer was given: `approved`, `wrong 4`, `over`, `VERIFY_COOLDOWN`, … */
export function countAnswers(results: readonly Result<CheckResult | StartedVerification | boolean>[]) {
  const counts: Record<string, number> = {};
  for (const result of results) {
    const answer = answerOf(result);
    counts[answer] = (counts[answer] ?? 0) + 1;
  }
  return counts;
}

function answerOf({ value, error }: Result<CheckResult | StartedVerification | boolean>): string {
  if (error !== undefined) return error.code ?? error.message;
  if (typeof value !== 'object') return String(value);
  if ('sent' in value) return value.sent ? 'sent' : 'waiting';
  return value.status === 'wrong' ? `wrong ${value.attemptsLeft}` : value.status;
}

/** A code that differs from another one in its first or last digit. */
export function wrongCode(code: string, at: 'first' | 'last' = 'last'): string {
  const index = at === 'first' ? 0 : code.length - 1;
  return code.slice(0, index) + String((Number(code[index]) + 1) % 10) + code.slice(index + 1);
}
