import type { ScriptStep } from 'laaffic-sandbox';
import type { SmsOutbox } from 'nestjs-laaffic-outbox';
import { numbers, Stage } from './stage.js';
import { until } from '../until.js';

describe('a rejection because of some numbers', () => {
  let stage: Stage;
  let outbox: SmsOutbox;

  beforeAll(async () => {
    stage = await Stage.set();
    ({ outbox } = await stage.app());
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.close());

  const decided = (id: string) =>
    until(
      () => outbox.find(id),
      (found) => found?.recipients.every(({ state }) => !['pending', 'sending'].includes(state)) === true,
    );
  const acceptedAt = () => stage.sandbox.messages.map(({ number }) => number).sort();

  // How the gateway reports it: in a response that accepts the others, or by rejecting all recipients, with or without
  // names.
  it.each([
    ['names for the wrong numbers, others accepted,', {}, 1],
    ['names in every response', { failArray: 'always' }, 1],
    ['no names, others accepted,', { failArray: 'never' }, 1],
    ['no names, all rejected,', { partialSuccess: 'reject-all', failArray: 'never' }, undefined],
    ['the first failure as status', { partialSuccess: 'first-failure' }, 1],
  ] as const)('with %s rejects them alone, and all others are accepted once', async (_, quirks, requests) => {
    const to = numbers(40);
    const wrong = [3, 4, 21, 39].map((index) => to[index] ?? '');
    stage.sandbox.configure({ quirks, rejectionRules: wrong.map((number) => ({ number, status: -9 })) });
    const { id } = await outbox.enqueue({ to, content: 'hello' });
    const found = await decided(id);
    expect(found?.recipients.map(({ number, position, state }) => [number, position, state])).toEqual(
      to.map((number, position) => [number, position, wrong.includes(number) ? 'rejected' : 'accepted']),
    );
    expect(acceptedAt()).toEqual(to.filter((number) => !wrong.includes(number)));
    expect(await stage.sums()).toEqual({ n: 40, accepted: 36, rejected: 4, unknown: 0 });
    if (requests !== undefined) expect(stage.sandbox.requests).toHaveLength(requests);
    const orderIds = found?.recipients.map(({ orderId }) => orderId) ?? [];
    expect(new Set(orderIds).size).toBe(40);
    const message = await outbox.findByOrderId(orderIds[21] ?? '');
    expect(message?.id).toEqual(id);
    expect(message?.recipients).toHaveLength(40);
  });

  it('of 1,000 for one unnamed number finds that number', async () => {
    const to = numbers(1_000);
    const wrong = to[567] ?? '';
    stage.sandbox.configure({
      quirks: { partialSuccess: 'reject-all', failArray: 'never' },
      rejectionRules: [{ number: wrong, status: -9 }],
    });
    const { id } = await outbox.enqueue({ to, content: 'hello' });
    const rejected = (await decided(id))?.recipients.filter(({ state }) => state === 'rejected');
    expect(rejected?.map(({ number, position }) => [number, position])).toEqual([[wrong, 567]]);
    expect(acceptedAt()).toEqual(to.filter((number) => number !== wrong));
    expect(stage.sandbox.requests.length).toBeLessThan(25);
  });

  it('that names the numbers sends to the others in one more request', async () => {
    const to = numbers(40);
    const wrong = [to[3] ?? '', to[21] ?? ''];
    const failArray = wrong.map((number) => ({ number, msgId: '', reason: 'DST_MCCMNC_LIMIT' }));
    stage.sandbox.script({
      fault: 'raw',
      body: JSON.stringify({ status: '-9', reason: 'wrong numbers', success: '0', fail: '40', array: [], failArray }),
    });
    const { id } = await outbox.enqueue({ to, content: 'hello' });
    const found = await decided(id);
    expect(
      found?.recipients
        .filter(({ state }) => state === 'rejected')
        .map(({ number, code, reason }) => [number, code, reason]),
    ).toEqual(wrong.map((number) => [number, 'LAAFFIC_ABNORMAL_NUMBER', 'DST_MCCMNC_LIMIT']));
    expect(acceptedAt()).toEqual(to.filter((number) => !wrong.includes(number)));
    expect(stage.sandbox.requests).toHaveLength(2);
    expect(await stage.sums()).toEqual({ n: 40, accepted: 38, rejected: 2, unknown: 0 });
    expect(await stage.events(id)).toEqual([
      ...['pending', 'sending', 'split LAAFFIC_ABNORMAL_NUMBER'],
      ...['sending', 'completed'],
    ]);
  });

  it('that names all numbers is believed, and no recipient is sent to', async () => {
    const to = numbers(5);
    stage.sandbox.configure({
      quirks: { partialSuccess: 'reject-all', failArray: 'always' },
      rejectionRules: [{ number: to[0] ?? '', status: -9 }],
    });
    const { id } = await outbox.enqueue({ to, content: 'hello' });
    expect((await decided(id))?.recipients.map(({ state }) => state)).toEqual(to.map(() => 'rejected'));
    expect(stage.sandbox.messages).toEqual([]);
    expect(stage.sandbox.requests).toHaveLength(1);
  });

  it("keeps the caller's order ids through every split", async () => {
    const to = numbers(8).map((number, i) => ({ number, orderId: `own-${i}` }));
    stage.sandbox.configure({
      quirks: { partialSuccess: 'reject-all', failArray: 'never' },
      rejectionRules: [{ number: to[5]?.number ?? '', status: -9 }],
    });
    const { id } = await outbox.enqueue({ to, content: 'hello' });
    const found = await decided(id);
    expect(found?.recipients.map(({ orderId, state }) => [orderId, state])).toEqual(
      to.map(({ orderId }, i) => [orderId, i === 5 ? 'rejected' : 'accepted']),
    );
    expect(stage.sandbox.messages.map(({ orderId }) => orderId).sort()).toEqual(
      to.map(({ orderId }) => orderId).filter((orderId) => orderId !== 'own-5'),
    );
    expect((await outbox.findByOrderId('own-7'))?.id).toBe(id);
  });

  it('rejects the rest when the requests for splitting are used up, and sends to no recipient twice', async () => {
    const to = numbers(300);
    const wrong = to.filter((_, i) => i % 10 === 0);
    stage.sandbox.configure({
      quirks: { partialSuccess: 'reject-all', failArray: 'never' },
      rejectionRules: wrong.map((number) => ({ number, status: -9 })),
    });
    const { id } = await outbox.enqueue({ to, content: 'hello' });
    const found = await decided(id);
    expect(found?.recipients.map(({ number }) => number)).toEqual(to);
    const rejected = found?.recipients.filter(({ state }) => state === 'rejected').map(({ number }) => number);
    const taken = found?.recipients.filter(({ state }) => state === 'accepted').map(({ number }) => number);
    expect(rejected).toEqual(expect.arrayContaining(wrong));
    expect(acceptedAt()).toEqual(taken);
    expect(await stage.sums()).toEqual({ n: 300, accepted: taken?.length, rejected: rejected?.length, unknown: 0 });
    expect(stage.sandbox.requests.length).toBeLessThanOrEqual(200);
  });

  it('lets a waiting caller wait until the last part is decided, and no longer', async () => {
    const to = numbers(5);
    stage.sandbox.configure({
      quirks: { partialSuccess: 'reject-all', failArray: 'never' },
      rejectionRules: [{ number: to[0] ?? '', status: -9 }],
    });
    const { receipt } = await outbox.send({ to, content: 'hello' });
    expect(receipt?.accepted.map(({ number }) => number)).toEqual(to.slice(1));
    expect(receipt?.rejected.map(({ number }) => number)).toEqual(to.slice(0, 1));
  });

  describe('in a hostile response', () => {
    const array = (msgId: (index: number) => string) => (envelope: object) => ({
      ...envelope,
      array: numbers(3).map((number, i) => ({ msgId: msgId(i), number, orderId: null })),
    });

    // The outcome of three recipients: states, and the message ids as they are stored.
    it.each<[name: string, step: ScriptStep, states: string[], ids: (string | undefined)[] | undefined]>([
      [
        'ids with commas',
        { transform: array((i) => `a,${i}`) },
        ['accepted', 'accepted', 'accepted'],
        ['a,0', 'a,1', 'a,2'],
      ],
      [
        'ids with NUL',
        { transform: array((i) => `a\0${i}`) },
        ['accepted', 'accepted', 'accepted'],
        ['a0', 'a1', 'a2'],
      ],
      [
        'ids of half a character pair',
        { transform: array((i) => `a,\ud800${i}`) },
        ['accepted', 'accepted', 'accepted'],
        ['a,\ufffd0', 'a,\ufffd1', 'a,\ufffd2'],
      ],
      [
        'ids that no index takes',
        { transform: array((i) => `${i}${randomText(9_000)}`) },
        ['accepted', 'accepted', 'accepted'],
        [undefined, undefined, undefined],
      ],
      ['the same id for all', { transform: array(() => '1') }, ['accepted', 'accepted', 'accepted'], ['1', '1', '1']],
      [
        'items of unknown recipients',
        { fault: 'foreign-items', count: 2 },
        ['accepted', 'accepted', 'accepted'],
        undefined,
      ],
      ['a missing item', { fault: 'missing-items', count: 1 }, ['accepted', 'accepted', 'held'], undefined],
      ['no list', { fault: 'missing-fields', fields: ['array'] }, ['held', 'held', 'held'], undefined],
      ['texts for lists', { fault: 'string-for-array' }, ['held', 'held', 'held'], undefined],
      ['ids as numbers', { fault: 'msg-id-as-number' }, ['accepted', 'accepted', 'accepted'], undefined],
    ])('with %s keeps what is known of each recipient', async (_, step, states, ids) => {
      stage.sandbox.script(step);
      const { id } = await outbox.enqueue({ to: numbers(3), content: 'hello' });
      const found = await until(
        () => outbox.find(id),
        (message) => message?.recipients.every(({ state }) => ['accepted', 'held'].includes(state)) === true,
      );
      expect(found?.recipients.map(({ state }) => state)).toEqual(states);
      const known = found?.recipients.map(({ msgId }) => msgId);
      if (ids !== undefined) expect(known).toEqual(ids);
      expect(acceptedAt()).toEqual(numbers(3));
      const held = states.filter((state) => state === 'held').length;
      expect(await stage.sums()).toEqual({ n: 3, accepted: 3 - held, rejected: 0, unknown: held });
    });

    it('does not block later outcomes by a text that ends in half a surrogate pair', async () => {
      const to = numbers(3);
      stage.sandbox.configure({
        rejectionRules: to.slice(1).map((number, i) => ({ number, status: -9, reason: `${i}${'x'.repeat(198)}😀` })),
      });
      const [first, second] = [
        await outbox.enqueue({ to, content: 'hello' }),
        await outbox.enqueue({ to: numbers(1, 10), content: 'hello' }),
      ];
      const found = await decided(first.id);
      expect(found?.recipients.map(({ state, reason }) => [state, reason?.slice(-1)])).toEqual([
        ['accepted', undefined],
        ['rejected', '\ufffd'],
        ['rejected', '\ufffd'],
      ]);
      expect((await decided(second.id))?.recipients[0]?.state).toBe('accepted');
    });
  });
});

/** Text that does not compress well. */
function randomText(length: number): string {
  let state = 7;
  return Array.from({ length }, () => ((state = (state * 48_271) % 2_147_483_647) % 36).toString(36)).join('');
}
