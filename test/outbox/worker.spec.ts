import { LaafficSandbox, type ScriptStep } from 'laaffic-sandbox';
import { STATUS_TABLE } from 'nestjs-laaffic';
import type { SmsOutbox } from 'nestjs-laaffic-outbox';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

/**
 * What happens to a message:
 * - `rejected`: it is over.
 * - `paused`: released, and the account is paused until a probe succeeds.
 * - `slowed`: released, and all workers wait for a while.
 * - `unknown`: waited for, then held.
 * - `numbers`: each recipient is tried alone and rejected; `later`: each is tried alone, and again later.
 */
type Course = 'rejected' | 'paused' | 'slowed' | 'unknown' | 'numbers' | 'later';

// Written from the requirements, not from the source.
const STATUSES: [status: number, code: string, course: Course][] = [
  [-1, 'AUTHENTICATION_FAILED', 'paused'],
  [-2, 'IP_RESTRICTED', 'paused'],
  [-3, 'SENSITIVE_CONTENT', 'rejected'],
  [-4, 'EMPTY_CONTENT', 'rejected'],
  [-5, 'CONTENT_TOO_LONG', 'rejected'],
  [-6, 'NOT_A_TEMPLATE', 'rejected'],
  [-7, 'TOO_MANY_NUMBERS', 'rejected'],
  [-8, 'EMPTY_NUMBER', 'rejected'],
  [-9, 'ABNORMAL_NUMBER', 'numbers'],
  [-10, 'INSUFFICIENT_BALANCE', 'paused'],
  [-11, 'INVALID_TIME_FORMAT', 'rejected'],
  [-12, 'SUBMIT_FAILED', 'unknown'],
  [-13, 'USER_LOCKED', 'paused'],
  [-14, 'EMPTY_FIELD', 'rejected'],
  [-15, 'TOO_FREQUENT', 'slowed'],
  [-16, 'TIMESTAMP_EXPIRED', 'paused'],
  [-17, 'EMPTY_TEMPLATE', 'rejected'],
  [-18, 'GATEWAY_FAULT', 'unknown'],
  [-19, 'PRICING_NOT_CONFIRMED', 'paused'],
  [-20, 'ALREADY_EXISTS', 'rejected'],
  [-21, 'INVALID_DATA', 'rejected'],
  [-22, 'INVALID_PARAMETER', 'rejected'],
  [-23, 'QUOTA_EXHAUSTED', 'paused'],
  [-24, 'NOT_FOUND', 'rejected'],
  [-25, 'OUT_OF_TIME_RANGE', 'rejected'],
  [-26, 'FEE_UNAVAILABLE', 'rejected'],
  [-27, 'TOTAL_LIMIT', 'slowed'],
  [-28, 'NUMBER_LIMIT', 'later'],
  [-29, 'WORKSPACE_DISABLED', 'paused'],
  [-30, 'KEY_DISABLED', 'paused'],
  [-31, 'IP_NOT_WHITELISTED', 'paused'],
  [-32, 'KEY_WITHOUT_RIGHT', 'paused'],
  [-99, 'UNLISTED_STATUS', 'unknown'],
];

/** Faults on the way: the code, the outcome of the message, and whether the gateway accepted it anyway. */
const FAULTS: [name: string, step: ScriptStep, code: string, course: Course | 'completed', isTaken: boolean][] = [
  ['HTTP 500 with a page', { fault: 'html', httpStatus: 500 }, 'UNREADABLE_RESPONSE', 'unknown', false],
  ['HTTP 502 with a page after all', { fault: 'html', accepted: true }, 'UNREADABLE_RESPONSE', 'unknown', true],
  ['HTTP 429 with a page', { fault: 'html', httpStatus: 429 }, 'TOO_FREQUENT', 'slowed', false],
  ['an empty body', { fault: 'empty-body' }, 'UNREADABLE_RESPONSE', 'unknown', false],
  ['broken JSON', { fault: 'broken-json' }, 'UNREADABLE_RESPONSE', 'unknown', true],
  ['a cut before reading', { fault: 'cut-before-reading' }, 'CONNECTION_LOST', 'unknown', false],
  ['a cut before accepting', { fault: 'cut-before-accepting' }, 'CONNECTION_LOST', 'unknown', false],
  ['a cut after accepting', { fault: 'cut-after-accepting' }, 'CONNECTION_LOST', 'unknown', true],
  ['no response, not accepted', { fault: 'hang-before-accepting' }, 'TIMEOUT', 'unknown', false],
  ['no response, but accepted', { fault: 'hang-after-accepting' }, 'TIMEOUT', 'unknown', true],
  ['half a response', { fault: 'stalled-body' }, 'TIMEOUT', 'unknown', true],
  ['everything null', { fault: 'nulls' }, 'UNREADABLE_RESPONSE', 'unknown', true],
  ['numbers for strings', { fault: 'numbers-for-strings' }, '', 'completed', true],
  ['a response byte by byte', { fault: 'slow-body', chunkBytes: 50 }, '', 'completed', true],
];

const REASON = 'words of the gateway';

describe('the worker', () => {
  let stage: Stage;
  let outbox: SmsOutbox;

  beforeAll(async () => {
    stage = await Stage.set();
    await work({ gracePeriodMs: 100 });
  });
  beforeEach(async () => {
    await stage.clear();
    stage.sandbox.configure({ quirks: { failArray: 'never' } });
  });
  afterAll(() => stage.close());

  const work = async (timing: { gracePeriodMs: number; timeoutMs?: number }) => {
    await stage.stop();
    ({ outbox } = await stage.app({ timing: { ...SHORT, ...timing } }));
  };
  const states = async (id: string) => (await outbox.find(id))?.recipients.map(({ state }) => state);
  const all = (count: number, state: string) => Array.from({ length: count }, () => state);
  const isAll = (state: string) => (seen: string[] | undefined) => seen?.every((one) => one === state) === true;
  const sentTo = () => stage.sandbox.messages.map(({ number }) => number).sort();
  const enqueued = async (to: string[]) => (await outbox.enqueue({ to, content: 'hello' })).id;

  /** Ends the fault and all waiting times. */
  const letGo = () =>
    stage.query(`with due as (update chunk set due_at = clock_timestamp() where state = 'pending')
      update account set probe_at = clock_timestamp(), backoff_until = null`);

  /** Follows a message whose first attempt gets this response, and checks that no recipient is sent to twice. */
  async function follow(to: string[], id: string, course: Course, code: string, taken: string[]) {
    const first = ['pending', 'sending'];
    if (course === 'rejected') {
      await until(() => states(id), isAll('rejected'));
      expect(await stage.events(id)).toEqual([...first, `rejected ${code}`]);
      expect(await stage.account()).toEqual({ code: null, reason: null, paused: false, probes: 0, slow: null });
      return;
    }
    if (course === 'unknown') {
      await until(() => states(id), isAll('held'));
      expect(await stage.events(id)).toEqual([...first, `unknown ${code}`, 'held']);
      expect(sentTo()).toEqual(taken);
      expect(await stage.sums()).toEqual({ n: to.length, accepted: 0, rejected: 0, unknown: to.length });
      return;
    }
    await until(
      () => stage.events(id),
      (events) => events.length === 3,
    );
    expect(await stage.events(id)).toEqual([...first, `released ${code}`]);
    expect(await states(id)).toEqual(all(to.length, 'pending'));
    const isPaused = course === 'paused';
    const account = await stage.account();
    if (isPaused) expect(account).toMatchObject({ code, paused: true, slow: null, probes: 0 });
    else expect(account).toMatchObject({ code: null, paused: false, slow: true });
    await letGo();
    await until(() => states(id), isAll('accepted'));
    // The probe of a paused account has one recipient.
    const requests = isPaused && to.length > 1 ? 2 : 1;
    const sent = Array.from({ length: requests }, () => ['sending', 'completed']).flat();
    expect(await stage.events(id)).toEqual([...first, `released ${code}`, ...sent]);
    await until(
      () => stage.account(),
      (now) => now?.['paused'] === false,
    );
    expect(sentTo()).toEqual(to);
  }

  it('handles each status of the table', () => {
    expect([...STATUS_TABLE.keys()]).toEqual(STATUSES.map(([status]) => status).filter((status) => status >= -32));
  });

  describe.each([1, 5])('with %i recipients', (count) => {
    const to = numbers(count);
    const retried = (status: number) => (status === -16 ? 2 : 1);

    it.each(STATUSES.filter(([, , course]) => course !== 'numbers' && course !== 'later'))(
      'handles status %i, %s, as %s',
      async (status, name, course) => {
        stage.sandbox.script({ status, reason: REASON, times: retried(status) });
        const id = await enqueued(to);
        await follow(to, id, course, `LAAFFIC_${name}`, []);
        stage.sandbox.assertScriptDone();
      },
    );

    it.each(FAULTS.filter(([, , code]) => code !== 'TIMEOUT'))(
      'handles %s: %#',
      async (_, step, name, course, isTaken) => {
        stage.sandbox.script(step);
        const id = await enqueued(to);
        if (course === 'completed') {
          await until(() => states(id), isAll('accepted'));
          expect(await stage.events(id)).toEqual(['pending', 'sending', 'completed']);
          expect(sentTo()).toEqual(to);
        } else {
          await follow(to, id, course, `LAAFFIC_${name}`, isTaken ? to : []);
        }
      },
    );

    describe('and a short time limit', () => {
      beforeAll(() => work({ gracePeriodMs: 100, timeoutMs: 600 }));
      afterAll(() => work({ gracePeriodMs: 100 }));

      it.each(FAULTS.filter(([, , code]) => code === 'TIMEOUT'))(
        'handles %s: %#',
        async (_, step, name, course, isTaken) => {
          stage.sandbox.script(step);
          const id = await enqueued(to);
          await follow(to, id, course as Course, `LAAFFIC_${name}`, isTaken ? to : []);
        },
      );
    });

    it('loses nothing if the gateway cannot be reached, and sends when it is there', async () => {
      const away = await LaafficSandbox.start();
      const port = Number(new URL(away.url).port);
      await away.close();
      const [{ outbox: other }, schema] = [
        await stage.app({ schema: `away_${count}` }, { url: away.url }),
        `away_${count}`,
      ];
      const { id } = await other.enqueue({ to, content: 'hello' });
      const view = async () => (await other.find(id))?.attempts ?? 0;
      await until(view, (attempts) => attempts >= 3);
      const [row] = await stage.query<{ steps: number }>('select backoff_level as steps from account', [], schema);
      expect(row?.steps).toBeGreaterThanOrEqual(2);
      const back = await LaafficSandbox.start({ port });
      try {
        await until(async () => (await other.find(id))?.recipients.map(({ state }) => state), isAll('accepted'));
        expect(back.messages.map(({ number }) => number)).toEqual(to);
        await until(
          () => stage.query('select backoff_level as steps from account', [], schema),
          ([one]) => one?.['steps'] === 0,
        );
      } finally {
        await back.close();
      }
    });

    it('tries each recipient alone on status -9 for the whole request, and rejects it', async () => {
      stage.sandbox.script({ status: -9, reason: REASON, times: Infinity });
      const id = await enqueued(to);
      const found = await until(
        () => outbox.find(id),
        (message) => message?.recipients.every(({ state }) => state === 'rejected') === true,
      );
      expect(
        found?.recipients.map(({ number, position, code, reason }) => ({ number, position, code, reason })),
      ).toEqual(to.map((number, position) => ({ number, position, code: 'LAAFFIC_ABNORMAL_NUMBER', reason: REASON })));
      expect(await stage.sums()).toEqual({ n: count, accepted: 0, rejected: count, unknown: 0 });
      expect(stage.sandbox.requests).toHaveLength(2 * count - 1);
    });

    it('tries each recipient alone on status -28 for the whole request, and again later', async () => {
      stage.sandbox.script({ status: -28, reason: REASON, times: 2 * count - 1 });
      const id = await enqueued(to);
      await until(
        () => stage.events(id),
        (events) => events.filter((event) => event === 'released LAAFFIC_NUMBER_LIMIT').length === count,
      );
      expect(await states(id)).toEqual(all(count, 'pending'));
      expect((await stage.account())?.['slow']).toBeNull();
      const later = await stage.query<{ seconds: number }>(
        `select extract(epoch from due_at - changed_at)::float8 as seconds from chunk where state = 'pending'`,
      );
      expect(later.map(({ seconds }) => Math.round(seconds))).toEqual(later.map(() => 60));
      await letGo();
      await until(() => states(id), isAll('accepted'));
      expect(sentTo()).toEqual(to);
      expect(await stage.sums()).toEqual({ n: count, accepted: count, rejected: 0, unknown: 0 });
    });
  });

  it.each([1, 5])(
    "reports the gateway's reason for each of %i recipients of a rejection that names them all",
    async (count) => {
      stage.sandbox.configure({ quirks: { failArray: 'always' } });
      stage.sandbox.script({ status: -6, reason: REASON });
      const id = await enqueued(numbers(count));
      const found = await until(
        () => outbox.find(id),
        (message) => message?.recipients.every(({ state }) => state === 'rejected') === true,
      );
      expect(found?.recipients.map(({ code, reason }) => [code, reason])).toEqual(
        numbers(count).map(() => ['LAAFFIC_NOT_A_TEMPLATE', REASON]),
      );
      expect(await stage.sums()).toEqual({ n: count, accepted: 0, rejected: count, unknown: 0 });
      expect(stage.sandbox.requests).toHaveLength(1);
    },
  );

  it('rejects a number in the end that is limited again and again', async () => {
    stage.sandbox.script({ status: -28, reason: REASON, times: Infinity });
    const id = await enqueued(numbers(1));
    await until(async () => {
      await letGo();
      return states(id);
    }, isAll('rejected'));
    expect((await stage.events(id)).slice(-2)).toEqual(['sending', 'rejected LAAFFIC_NUMBER_LIMIT']);
    expect(stage.sandbox.requests).toHaveLength(9);
  });
});
