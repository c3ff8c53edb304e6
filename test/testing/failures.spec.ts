import { LaafficSandbox, type ScriptStep } from 'laaffic-sandbox';
import { LaafficException, STATUS_TABLE } from 'nestjs-laaffic';
import { FakeSmsService, type SimulatedFailure, type SimulatedRejection } from 'nestjs-laaffic/testing';
import { client, failureOf, sandboxAndClient } from '../module/account.js';

const both = sandboxAndClient();
const command = {
  to: [
    { number: '91856321412', orderId: 'order-1' },
    { number: '91856321413', orderId: 'order-2' },
  ],
  content: 'hello world',
};

/** Everything that an app can decide by; reasons are words. */
function facts(error: unknown) {
  if (!(error instanceof LaafficException)) throw error;
  const { name, code, kind, outcome, status, failure, receipt } = error;
  const entries = (list: readonly { number: string; orderId: string; code?: string }[] = []) =>
    list.map((entry) => [entry.number, entry.orderId, entry.code]);
  return {
    ...{ name, code, kind, outcome, status, failure, constructor: error.constructor },
    ...{
      accepted: entries(receipt?.accepted),
      rejected: entries(receipt?.rejected),
      unknown: entries(receipt?.unknown),
    },
  };
}

describe('a simulated failure equals the real one:', () => {
  let sms: FakeSmsService;
  beforeEach(() => {
    sms = new FakeSmsService();
  });

  const compare = async (failure: SimulatedFailure | SimulatedRejection, step: ScriptStep, options = {}) => {
    sms.failNext(failure);
    both.sandbox.script(step);
    const [ours, real] = await Promise.all([
      failureOf(sms.send(command)),
      failureOf(both.client.sms.send(command, options)),
    ]);
    expect(facts(ours)).toEqual(facts(real));
    sms.assertNothingSent();
    return ours;
  };

  it.each([...STATUS_TABLE.keys(), -99])('status %i', async (status) => {
    const times = status === -16 ? 2 : 1;
    expect(await compare({ status }, { status, times })).toMatchObject({ status });
  });

  it('with a reason of its own, without the parts of the request that it repeats', async () => {
    sms.failNext({ status: -9, reason: 'no route for 91856321412: hello world' });
    expect(await failureOf(sms.send(command))).toMatchObject({ reason: 'no route for 9185…412: [content]' });
  });

  it.each<[Extract<SimulatedFailure, { failure: string }>['failure'], ScriptStep, object]>([
    ['timeout', { fault: 'hang-before-accepting' }, { timeoutMs: 50 }],
    ['connection-lost', { fault: 'cut-before-accepting' }, {}],
    ['unreadable', { fault: 'html' }, {}],
  ])('%s', async (failure, step, options) => {
    expect(await compare({ failure }, step, options)).toMatchObject({ outcome: 'unknown' });
  });

  it('not-connected', async () => {
    const closed = await LaafficSandbox.start();
    await closed.close();
    const real = await client({ baseUrl: closed.url });
    sms.failNext({ failure: 'not-connected' });
    expect(facts(await failureOf(sms.send(command)))).toEqual(facts(await failureOf(real.sms.send(command))));
    await real.close();
  });

  it("aborted in flight, and before that by the caller's signal", async () => {
    const abort = new AbortController();
    both.sandbox.script({ fault: 'hang-before-accepting' });
    const isHanging = new Promise<void>((resolve) => {
      both.sandbox.configure({
        onRequest: () => {
          resolve();
        },
      });
    });
    const call = failureOf(both.client.sms.send(command, { signal: abort.signal }));
    await isHanging;
    both.sandbox.configure({ onRequest: null });
    abort.abort();
    sms.failNext({ failure: 'aborted' });
    expect(facts(await failureOf(sms.send(command)))).toEqual(facts(await call));

    const { signal } = abort;
    expect(facts(await failureOf(sms.send(command, { signal })))).toEqual(
      facts(await failureOf(both.client.sms.send(command, { signal }))),
    );
  });

  it('all recipients rejected', async () => {
    const reject = ['+91 85632 1412', '91856321413'];
    expect(
      await compare({ reject, status: -28 }, { status: -28, numbers: ['91856321412', '91856321413'] }),
    ).toMatchObject({ code: 'LAAFFIC_NUMBER_LIMIT', outcome: 'rejected' });
  });

  it('one recipient rejected: a receipt, and only the others are sent', async () => {
    sms.failNext({ reject: ['+91 85632 1413'], reason: 'DST_MCCMNC_LIMIT' });
    both.sandbox.script({ status: -9, numbers: ['91856321413'], reason: 'DST_MCCMNC_LIMIT' });
    const msgId = expect.stringMatching(/^\d{19}$/);
    const expected = {
      accepted: [{ number: '91856321412', orderId: 'order-1', msgId }],
      rejected: [
        {
          ...{ number: '91856321413', orderId: 'order-2', msgId },
          ...{ code: 'LAAFFIC_RECIPIENT_REJECTED', reason: 'DST_MCCMNC_LIMIT' },
        },
      ],
      unknown: [],
    };
    expect(await both.client.sms.send(command)).toEqual(expected);
    expect(await sms.send(command)).toEqual(expected);
    expect(sms.sent.map(({ number }) => number)).toEqual(['91856321412']);
  });
});

describe('simulated failures', () => {
  it('apply to one send each, in their order, and not to invalid commands', async () => {
    const sms = new FakeSmsService();
    sms.failNext({ status: -10 });
    sms.failNext({ failure: 'timeout' });
    const codes = [
      await failureOf(sms.send({ to: 'garbage', content: 'x' })),
      await failureOf(sms.send(command)),
      await failureOf(sms.sendBatch([command])),
    ].map((error) => (error as LaafficException).code);
    expect(codes).toEqual(['LAAFFIC_INVALID_COMMAND', 'LAAFFIC_INSUFFICIENT_BALANCE', 'LAAFFIC_TIMEOUT']);
    expect(await sms.send(command)).toMatchObject({ rejected: [], unknown: [] });
  });

  it('of queries do not apply to sends', async () => {
    const sms = new FakeSmsService();
    sms.failNextQuery({ status: -1 });
    await sms.send(command);
    expect(await failureOf(sms.getBalance())).toMatchObject({
      code: 'LAAFFIC_AUTHENTICATION_FAILED',
      outcome: 'rejected',
    });
    sms.failNextQuery({ failure: 'timeout' });
    expect(await failureOf(sms.getDeliveryReports(['2601010000000000001']))).toMatchObject({ code: 'LAAFFIC_TIMEOUT' });
    expect(await sms.getBalance()).toMatchObject({ balance: '99.990000' });
  });

  it.each<[string, SimulatedFailure | SimulatedRejection]>([
    ['an invalid status', { status: 0 }],
    ['a status with a fraction', { status: -1.5 }],
    ['a rejection with an invalid status', { reject: ['91856321412'], status: 9 }],
    ['a rejection of an invalid number', { reject: ['Maria'] }],
  ])('are rejected at once if they are wrong: %s', (_, failure) => {
    expect(() => {
      new FakeSmsService().failNext(failure);
    }).toThrow(RangeError);
  });
});
