import { KILLED, type Calls, type Result } from '../processes/verify-process.js';
import { PURPOSE, wrongCode, type VerifyProcesses } from '../processes/verify-processes.js';
import type { Answers } from './audit.js';

/** Calls of a process at once. */
const AT_ONCE = 12;
const NUMBERS = Array.from({ length: 30 }, (_, index) => `+4474001234${String(index).padStart(2, '0')}`);
const SOURCES = [undefined, '192.0.2.1', '192.0.2.2', '192.0.2.3'];

/** The options of processes under such a load: no limit stops it, and locks end while it goes on. */
export const MIX_OPTIONS = {
  send: {
    cooldownsMs: [0],
    maxPerHour: 1_000,
    maxPerDay: 1_000,
    maxPerSource: 1_000_000,
    maxWrongPerSource: 1_000_000,
  },
  code: { lockAfter: 50, lockMs: 20 },
  guard: { shadow: 'all' },
} as const;

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;
const pickEnd = () => pick(['commit', 'rollback'] as const);

/** Any calls in any order, in all processes, to few numbers of one range. */
export class MixedLoad {
  /** What the callers were told. */
  readonly answers: Answers = new Map();
  /** Errors that are no answers of the service, and how often there was each. */
  readonly unexpected: Record<string, number> = {};
  /** How often each method was called. */
  readonly methods: Record<string, number> = {};
  readonly #ids = new Map<string, string[]>(NUMBERS.map((number) => [number, []]));

  constructor(private readonly all: VerifyProcesses) {}

  /** The number of calls so far. */
  get calls(): number {
    return Object.values(this.methods).reduce((sum, count) => sum + count, 0);
  }

  async run(isOver: () => boolean): Promise<void> {
    const runs = this.all.processes.flatMap((_, process) =>
      Array.from({ length: AT_ONCE }, async () => {
        while (!isOver()) await this.#step(process);
      }),
    );
    await Promise.all(runs);
  }

  async #step(process: number): Promise<void> {
    const number = pick(NUMBERS);
    const known = this.#ids.get(number)!;
    // Most calls are about the verifications that are likely to be open.
    const id = Math.random() < 0.9 ? known.at(-1 - Math.floor(Math.random() * 3)) : pick(known);
    const dice = Math.random();
    if (id === undefined || dice < 0.15) await this.#start(process, number, known);
    else if (dice < 0.75) await this.#check(process, id);
    else if (dice < 0.85) await this.#call(process, 'resend', id);
    else if (dice < 0.9) await this.#call(process, 'resendWithin', pickEnd(), id);
    else if (dice < 0.94) await this.#call(process, 'cancel', id);
    else if (dice < 0.95) await this.#call(process, 'release', number);
    // Its code is about to expire, or old enough for a resend to renew it.
    else await this.#expireIn(id, pick([Math.random() * 20, 100_000]));
  }

  async #start(process: number, to: string, known: string[]): Promise<void> {
    const request = [
      { to, purpose: PURPOSE },
      { session: pick(['a', 'b']), source: pick(SOURCES) },
    ] as const;
    const end = pick(['commit', 'rollback', 'none', 'none', 'none'] as const);
    const { value } =
      end === 'none'
        ? await this.#call(process, 'start', ...request)
        : await this.#call(process, 'startWithin', end, ...request);
    if (value !== undefined && end !== 'rollback' && !known.includes(value.id)) known.push(value.id);
  }

  async #check(process: number, id: string): Promise<void> {
    const right = this.all.codeAt(id, pick([1, 1, 1, 2]));
    const request = { id, purpose: PURPOSE, code: Math.random() < 0.4 ? right : wrongCode(right) };
    const end = pick(['commit', 'rollback', 'none', 'none', 'none'] as const);
    const { value } =
      end === 'none'
        ? await this.#call(process, 'check', request, { source: pick(SOURCES) })
        : await this.#call(process, 'checkWithin', end, request);
    if (value === undefined || value.status === 'over') return;
    if (value.status === 'approved' && end === 'rollback') return;
    const counts = this.answers.get(id) ?? { approved: 0, wrong: 0 };
    counts[value.status]++;
    this.answers.set(id, counts);
  }

  async #call<M extends keyof Calls>(
    process: number,
    method: M,
    ...args: Calls[M]['args']
  ): Promise<Result<Calls[M]['value']>> {
    this.methods[method] = (this.methods[method] ?? 0) + 1;
    const result = await this.all.processes[process]!.call(method, ...args);
    const { code = 'no code', message, cause } = result.error ?? {};
    if (result.error !== undefined && code !== KILLED && !code.startsWith('VERIFY_')) {
      const what = [code, cause, message].join(' ');
      this.unexpected[what] = (this.unexpected[what] ?? 0) + 1;
    }
    return result;
  }

  async #expireIn(id: string, ms: number): Promise<void> {
    await this.all.query(
      `update laaffic_verify.verification set expires_at = clock_timestamp() + $2 * interval '1 millisecond'
        where id = $1 and state in ('pending', 'matched')`,
      [id, ms],
    );
  }
}
