import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import type {
  CheckInput,
  CodeMessage,
  OpenCode,
  Quota,
  ResendOutcome,
  StartInput,
} from '../../libs/laaffic-verify/src/store/verification-store.js';
import type { TestedStore } from './open-store.js';
import { StoreInvariants, type Started } from './store-invariants.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const ROLLBACK = new Error('rolled back on purpose');

/** How many verifications ago. */
const index = fc.constantFrom(0, 0, 0, 0, 0, 1, 1, 2, 3, 9);
const mostly = <T>(usual: T, rare: T) => fc.constantFrom(...Array<T>(8).fill(usual), rare);
const source = fc.constantFrom(undefined, undefined, undefined, 'source 0', 'source 1');
const lifetimeMs = fc.constantFrom(MINUTE, 10 * MINUTE);
const transaction = fc.constantFrom('none' as const, 'commit' as const, 'rollback' as const);

const start = fc.record({
  type: fc.constant('start' as const),
  number: fc.constantFrom(0, 0, 0, 1, 2),
  tenant: mostly('', 'other'),
  purpose: mostly('sign-in', 'password'),
  binding: mostly('', 'bound'),
  session: fc.constantFrom(0, 0, 1, 2),
  source,
  lifetimeMs,
  kind: fc.constantFrom('sms', 'sms', 'sms', 'decoy', 'test'),
  /** Which idempotency key. */
  key: mostly(undefined, 0),
  country: fc.constantFrom('GB', 'DE', 'FR'),
  rejection: mostly(undefined, 'cap'),
  suspicion: mostly(undefined, 'budget'),
  isTrusted: mostly(false, true),
  isExcused: mostly(false, true),
  pretends: fc.boolean(),
  shadow: fc.subarray(['cap', 'budget', 'range']),
  renews: fc.boolean(),
  transaction,
});
const check = fc.record({
  type: fc.constant('check' as const),
  which: index,
  /** The code of how many generations ago; `undefined` for a wrong one. */
  age: fc.constantFrom(0, 0, 0, 1, 2, undefined, undefined, undefined),
  approves: fc.boolean(),
  source,
  isOtherTenant: mostly(false, true),
  isOtherPurpose: mostly(false, true),
  isOtherBinding: mostly(false, true),
});
const resend = fc.record({
  ...{ type: fc.constant('resend' as const), which: index, source, isOtherTenant: mostly(false, true) },
  ...{ renews: fc.boolean(), lifetimeMs, transaction },
  /** Whether another call has sent a message or another code since it was read. */
  isLate: mostly(false, true),
});
const approve = fc.record({ type: fc.constant('approve' as const), which: index, transaction });
const cancel = fc.record({
  ...{ type: fc.constant('cancel' as const), which: index, isOtherTenant: mostly(false, true) },
  clears: fc.boolean(),
});
const redeem = fc.record({ type: fc.constant('redeem' as const), which: index });
const read = fc.record({ type: fc.constant('read' as const), which: index, isOtherTenant: mostly(false, true) });
const release = fc.record({ type: fc.constant('release' as const), number: fc.nat({ max: 2 }) });
const list = fc.record({
  type: fc.constant('list' as const),
  number: fc.nat({ max: 2 }),
  verdict: fc.constantFrom(undefined, 'allow' as const, 'deny' as const),
  forMs: fc.constantFrom(undefined, MINUTE, HOUR),
});
const changeKeys = fc.record({ type: fc.constant('change keys' as const) });
const pass = fc.record({
  type: fc.constant('pass' as const),
  ms: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(1, SECOND, 30 * SECOND, MINUTE) },
    { weight: 3, arbitrary: fc.constantFrom(5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR) },
    { weight: 1, arbitrary: fc.constantFrom(6 * HOUR, 24 * HOUR, 72 * HOUR) },
    { weight: 1, arbitrary: fc.nat({ max: 2 * HOUR }) },
  ),
});

/** What happens, one after the other. */
export const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: start },
    { weight: 8, arbitrary: check },
    { weight: 6, arbitrary: pass },
    { weight: 4, arbitrary: resend },
    { weight: 2, arbitrary: approve },
    { weight: 2, arbitrary: read },
    { weight: 1, arbitrary: cancel },
    { weight: 1, arbitrary: redeem },
    { weight: 1, arbitrary: release },
    { weight: 1, arbitrary: list },
    { weight: 1, arbitrary: changeKeys },
  ),
  { minLength: 1, maxLength: 100, size: 'max' },
);

/** Limits so small that every one is reached. */
export const limits = fc.record({
  cooldownsMs: fc.constantFrom([0], [SECOND, 0], [30 * SECOND, MINUTE, 2 * MINUTE]),
  perHour: fc.constantFrom(1, 2, 5, 13),
  perDay: fc.constantFrom(2, 7, 35),
  perSource: fc.constantFrom(1, 3, 7, 13),
  perTenant: fc.constantFrom(6, 40),
  maxCountries: fc.constantFrom(1, 2),
  approvalsScale: fc.constantFrom(1, 5),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  knownMs: fc.constantFrom(HOUR, 48 * HOUR),
  trip: fc.integer({ min: 1, max: 4 }),
  gain: fc.constantFrom(0.588, 0.9, 1),
  relief: fc.constantFrom(0, 1.3),
  halfLifeMs: fc.constantFrom(HOUR, 6 * HOUR),
  blockMs: fc.constantFrom(MINUTE, HOUR),
  longestBlockMs: fc.constantFrom(2 * HOUR, 24 * HOUR),
  lockAfter: fc.integer({ min: 1, max: 4 }),
  lockMs: fc.constantFrom(1_500, 10 * MINUTE),
  longestLockMs: fc.constantFrom(15 * MINUTE, HOUR),
  suspendAfter: fc.integer({ min: 2, max: 9 }),
});

type Limits = ReturnType<typeof limits.generate>['value'];
type Step = ReturnType<typeof steps.generate>['value'][number];
type StepOf<Type extends Step['type']> = Extract<Step, { type: Type }>;

/**
 * Plays steps on one or two stores. All outcomes must be equal, and hold what {@link StoreInvariants} says.
 * Each sequence has numbers, sources and ranges of its own.
 */
export class StorePlay {
  /** What was seen of outcomes, for a test to know that it has seen all. */
  static readonly seen = new Set<string>();
  readonly #invariants: StoreInvariants;
  readonly #started: Started[] = [];
  readonly #run = randomUUID();
  #keys = ['a'];
  readonly #ids: string[] = [];

  /**
   * @param clock the time of the stores.
   * @param remembers whether they have to remember what no rule needs any more.
   */
  constructor(
    private readonly stores: readonly TestedStore[],
    private readonly clock: { now: number },
    private readonly limits: Limits,
    private readonly remembers = true,
  ) {
    this.#invariants = new StoreInvariants(limits);
  }

  async play(all: readonly Step[]): Promise<void> {
    for (const step of all) await this.#play(step);
    for (const { id, tenant } of this.#started)
      if (this.remembers) {
        const found = await this.#both((store) => findIn(store, id, tenant));
        expect(found!.attempts).toBeLessThanOrEqual(found!.maxAttempts);
      }
    const ofThis = <T extends { readonly country: string }>(readings: readonly T[]) =>
      readings.filter(({ country }) => country.endsWith(this.#run)).sort((a, b) => (a.country < b.country ? -1 : 1));
    await this.#both(async (store) => ofThis(await store.guard.readTraffic()));
    await this.#both(async (store) => ofThis(await store.guard.readLearned()));
  }

  async #play(step: Step): Promise<void> {
    switch (step.type) {
      case 'pass':
        this.clock.now += step.ms;
        return;
      case 'change keys':
        this.#keys = [String.fromCharCode(97 + this.#keys.length), ...this.#keys];
        return;
      case 'start':
        return this.#start(step);
      case 'list': {
        const [numberKeys] = this.#number(step.number);
        const until = step.forMs === undefined ? undefined : new Date(this.clock.now + step.forMs);
        const keys = numberKeys.map((key) => key.toString('hex'));
        const entry = { ...{ kind: 'number' as const, label: '+447…777', keys, actor: 'a test' }, until };
        const { verdict } = step;
        await this.#both(async ({ guard }) =>
          verdict === undefined ? guard.unlist(entry) : guard.list({ ...entry, verdict }),
        );
        return;
      }
      case 'release': {
        const [numberKeys] = this.#number(step.number);
        const isKnown = await this.#both((store) => store.release('', numberKeys), this.remembers);
        if (isKnown) this.#invariants.afterRelease(this.#phoneOf('', step.number));
        return;
      }
      default:
    }
    const started = this.#started.at(-1 - (step.which % Math.max(1, this.#started.length)));
    if (started === undefined) return;
    switch (step.type) {
      case 'check':
        return this.#check(step, started);
      case 'resend':
        return this.#resend(step, started);
      case 'approve':
        return this.#approve(step, started);
      case 'cancel': {
        const tenant = tenantOf(started, step);
        const { halfLifeMs } = this.limits;
        const isCancelled = await this.#both((store) => store.cancel(started.id, tenant, halfLifeMs, step.clears));
        if (!isCancelled) return;
        expect([tenant, ['open', 'matched'].includes(started.state)]).toEqual([started.tenant, true]);
        started.state = 'cancelled';
        return;
      }
      case 'redeem':
        if (this.remembers) await this.#both((store) => store.redeem(started.id));
        return;
      case 'read': {
        const tenant = tenantOf(started, step);
        await this.#both((store) => store.readOpen(started.id, tenant));
        if (this.remembers) await this.#both((store) => findIn(store, started.id, tenant));
        return;
      }
    }
  }

  async #start(step: StepOf<'start'>): Promise<void> {
    const { tenant, purpose, number } = step;
    const [numberKeys, e164, ofNumber] = this.#number(number);
    const key = this.remembers ? step.key : undefined;
    const id = key === undefined ? randomUUID() : this.#idOf(key);
    const binding = Buffer.from(step.binding);
    const { trip, perSource: _, perTenant: __, ...ofLimits } = this.limits;
    const source = this.#quota('source', step.source);
    const sourceRange = source && `source ${source.key.toString()}`;
    const ranges = [...ofNumber, ...(sourceRange === undefined ? [] : [sourceRange])].sort((a, b) => (a < b ? -1 : 1));
    const input: StartInput = {
      ...ofLimits,
      ...{
        id,
        kind: step.kind,
        tenant,
        purpose,
        numberKeys,
        number: e164,
        country: this.#countryOf(step.country),
        binding,
        ranges,
      },
      ...{ isIdempotent: key !== undefined, isTrusted: step.isTrusted, isExcused: step.isExcused },
      ...{ sourceRange, pretends: step.pretends, quotas: this.#quotas(source) },
      session: Buffer.from(`session ${step.session}`),
      keyId: 'a key',
      digest: codeOf(id, 1),
      lifetimeMs: step.lifetimeMs,
      trips: ranges.map((_, position) => trip + position),
      rejection: step.rejection,
      suspicion: step.suspicion,
      shadow: step.shadow,
      message: this.#messageOf(id, 0),
    };
    const results = await this.#both((store) =>
      within(store, step.transaction, async (own) => {
        const outcome = await store.start(input, own);
        if (outcome.result !== 'open') return { outcome, isRenewed: false };
        const next = await this.#sendNext(store, outcome.verification, tenant, input.quotas, step, own);
        return next.outcome.result === 'sent' ? { ...next, outcome: { ...outcome, ...next.outcome } } : next;
      }),
    );
    if (step.transaction === 'rollback') return;
    const { outcome, isRenewed } = results;
    const isRepeated = key !== undefined && outcome.result === 'waiting' && outcome.verification.id === id;
    if (isRepeated) return;
    this.#invariants.afterSend(outcome, this.#phoneOf(tenant, number), this.clock.now);
    if (outcome.result === 'rejected' || outcome.result === 'changed') return;
    if (outcome.isNew) {
      const expiries = [this.clock.now + step.lifetimeMs];
      const phone = this.#phoneOf(tenant, number);
      const { kind } = outcome;
      this.#started.push({ id, phone, kind, tenant, purpose, binding, expiries, attempts: 0, state: 'open' });
    }
    if (isRenewed) {
      const renewed = this.#started.find((each) => each.id === outcome.verification.id)!;
      renewed.expiries.push(this.clock.now + step.lifetimeMs);
    }
  }

  async #resend(step: StepOf<'resend'>, started: Started): Promise<void> {
    const quotas = this.#quotas(this.#quota('source', step.source));
    const tenant = tenantOf(started, step);
    const { outcome, isRenewed } = await this.#both((store) =>
      within(store, step.transaction, async (own) => {
        const open = (await store.readOpen(started.id, tenant, own)) ?? { id: started.id, generation: 1, sends: 1 };
        return this.#sendNext(
          store,
          step.isLate ? { ...open, sends: open.sends - 1 } : open,
          tenant,
          quotas,
          step,
          own,
        );
      }),
    );
    if (step.transaction === 'rollback') return;
    this.#invariants.afterSend(outcome, started.phone, this.clock.now);
    if (outcome.result === 'sent') expect([tenant, step.isLate]).toEqual([started.tenant, false]);
    if (isRenewed) started.expiries.push(this.clock.now + step.lifetimeMs);
  }

  /** The next message of an open verification, perhaps with another code. */
  async #sendNext(
    store: TestedStore,
    { id, generation, sends }: Pick<OpenCode, 'id' | 'generation' | 'sends'>,
    tenant: string,
    quotas: readonly Quota[],
    { renews, lifetimeMs: renewedFor }: { readonly renews: boolean; readonly lifetimeMs: number },
    own: SqlTransaction | undefined,
  ): Promise<{ readonly outcome: ResendOutcome; readonly isRenewed: boolean }> {
    const { cooldownsMs, perHour, perDay } = this.limits;
    const renewal = { keyId: 'another key', digest: codeOf(id, generation + 1), lifetimeMs: renewedFor };
    const outcome = await store.resend(
      {
        ...{ id, tenant, generation, sends, quotas, cooldownsMs, perHour, perDay, rejection: undefined },
        ...{ renewal: renews ? renewal : undefined, message: this.#messageOf(id, sends) },
      },
      own,
    );
    return { outcome, isRenewed: renews && outcome.result === 'sent' };
  }

  #messageOf(id: string, sends: number): CodeMessage {
    return {
      ...{ to: '+447400100000', content: 'a code', cost: 0.5, idempotencyKey: `${this.#run} ${id} ${sends}` },
      sendBefore: new Date(this.clock.now + MINUTE),
    };
  }

  async #check(step: StepOf<'check'>, started: Started): Promise<void> {
    const { id, expiries } = started;
    const generation = step.age === undefined ? undefined : expiries.length - step.age;
    const { halfLifeMs, relief, lockAfter, lockMs, longestLockMs, suspendAfter } = this.limits;
    const entered = {
      tenant: tenantOf(started, step),
      purpose: step.isOtherPurpose ? `not ${started.purpose}` : started.purpose,
      binding: step.isOtherBinding ? Buffer.from('something else') : started.binding,
    };
    const input: CheckInput = {
      ...{ id, ...entered, approves: step.approves, lockAfter, lockMs, longestLockMs, suspendAfter },
      digests: [Buffer.from('by another key'), codeOf(id, generation ?? -1)],
      quota: this.#quota('check', step.source),
      approval: { relief, halfLifeMs, converts: true },
    };
    const outcome = await this.#both((store) => store.check(input));
    this.#invariants.afterCheck(outcome, started, { ...entered, generation }, this.clock.now);
  }

  async #approve(step: StepOf<'approve'>, started: Started): Promise<void> {
    const { halfLifeMs, relief } = this.limits;
    const approvedAt = await this.#both((store) =>
      within(store, step.transaction, (own) => store.approve(started.id, { relief, halfLifeMs, converts: false }, own)),
    );
    if (approvedAt === undefined || step.transaction === 'rollback') return;
    expect(approvedAt.getTime()).toBe(this.clock.now);
    this.#invariants.afterApproval(started, this.clock.now);
  }

  /** Calls all stores. @param isEqual whether they have to agree. @returns the outcome of the first. */
  async #both<T>(call: (store: TestedStore) => Promise<T>, isEqual = true): Promise<T> {
    const [first, ...others] = this.stores;
    const outcome = await call(first!);
    for (const store of others) {
      const other = await call(store);
      if (isEqual) expect(other).toStrictEqual(outcome);
    }
    note(outcome);
    return outcome;
  }

  /** The digests, the number, and its ranges. */
  #number(number: number): [Buffer[], string, string[]] {
    const numberKeys = this.#keys.map((key) => Buffer.from(`${key} ${number} ${this.#run}`));
    const ranges = number < 2 ? [`all ${this.#run}`, `first ${this.#run}`] : [`all ${this.#run}`];
    return [numberKeys, `+44740010000${number}`, ranges];
  }

  #phoneOf(tenant: string, number: number): string {
    return `${number} ${tenant}`;
  }

  #quota(rule: string, name: string | undefined): Quota | undefined {
    return name === undefined
      ? undefined
      : { rule, key: Buffer.from(`${rule} ${name} ${this.#run}`), limit: this.limits.perSource };
  }

  #quotas(source: Quota | undefined): Quota[] {
    const tenant = { rule: 'tenant', key: Buffer.from(`tenant ${this.#run}`), limit: this.limits.perTenant };
    return source === undefined ? [tenant] : [source, tenant];
  }

  #countryOf(name: string): string {
    return `${name} ${this.#run}`;
  }

  #idOf(key: number): string {
    return (this.#ids[key] ??= randomUUID());
  }
}

/** The stores have ids of messages of their own. */
async function findIn(store: TestedStore, id: string, tenant: string) {
  const found = await store.find(id, tenant);
  return found && { ...found, messageId: found.messageId !== undefined };
}

function tenantOf({ tenant }: Started, { isOtherTenant }: { readonly isOtherTenant: boolean }): string {
  return isOtherTenant ? `not ${tenant}` : tenant;
}

function codeOf(id: string, generation: number): Buffer {
  return Buffer.from(`${id} ${generation}`);
}

/** Runs work in a transaction that is committed or rolled back, or without one. Returns its result in any case. */
async function within<T>(
  store: TestedStore,
  how: 'none' | 'commit' | 'rollback',
  work: (own: SqlTransaction | undefined) => Promise<T>,
): Promise<T> {
  if (how === 'none') return work(undefined);
  if (how === 'commit') return store.transaction(work);
  let result: { readonly of: T } | undefined;
  const rolledBack = store.transaction(async (own) => {
    result = { of: await work(own) };
    throw ROLLBACK;
  });
  await expect(rolledBack).rejects.toBe(ROLLBACK);
  return result!.of;
}

function note(outcome: unknown): void {
  if (typeof outcome !== 'object' || outcome === null) return;
  const fields = { ...outcome, ...('outcome' in outcome ? (outcome.outcome as object) : {}) };
  if ('result' in fields) StorePlay.seen.add(String(fields.result));
  if ('rule' in fields && fields.rule !== undefined)
    StorePlay.seen.add(`${'result' in fields ? String(fields.result) : ''}: ${fields.rule as string}`);
  if ('would' in fields) for (const rule of fields.would as string[]) StorePlay.seen.add(`would: ${rule}`);
  if ('isRenewed' in fields && fields.isRenewed === true) StorePlay.seen.add('renewed');
}
