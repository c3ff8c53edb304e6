import type { ScriptStep } from 'laaffic-sandbox';
import type { SmsOutbox } from 'nestjs-laaffic-outbox';
import { numbers, Stage, until } from './stage.js';

describe('a refusal about some numbers', () => {
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

  // How the gateway says it: in one answer that accepts the others, or by refusing everybody, named or not.
  it.each([
    ['names them and takes the others', {}, 1],
    ['names them in every answer', { failArray: 'always' }, 1],
    ['names nobody and takes the others', { failArray: 'never' }, 1],
    ['refuses all for them, and names nobody', { partialSuccess: 'refuse-all', failArray: 'never' }, undefined],
    ['gives the first failure as status', { partialSuccess: 'first-failure' }, 1],
  ] as const)('%s: they alone are rejected, everybody else is taken once', async (_, quirks, requests) => {
    const to = numbers(40);
    const wrong = [3, 4, 21, 39].map((index) => to[index] ?? '');
    stage.sandbox.configure({ quirks, rules: wrong.map((number) => ({ number, status: -9 })) });
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
    expect([message?.id, message?.recipients.length]).toEqual([id, 40]);
  });

  it('refuses 1,000 for one that it does not name: the one is found', async () => {
    const to = numbers(1_000);
    const wrong = to[567] ?? '';
    stage.sandbox.configure({
      quirks: { partialSuccess: 'refuse-all', failArray: 'never' },
      rules: [{ number: wrong, status: -9 }],
    });
    const { id } = await outbox.enqueue({ to, content: 'hello' });
    const rejected = (await decided(id))?.recipients.filter(({ state }) => state === 'rejected');
    expect(rejected?.map(({ number, position }) => [number, position])).toEqual([[wrong, 567]]);
    expect(acceptedAt()).toEqual(to.filter((number) => number !== wrong));
    expect(stage.sandbox.requests.length).toBeLessThan(25);
  });

  it('refuses all and names them: the others are sent to in one request more', async () => {
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
      ...['pending', 'sending', 'divided LAAFFIC_ABNORMAL_NUMBER'],
      ...['sending', 'settled'],
    ]);
  });

  it('refuses all and names all: the word of the gateway is taken, and nobody is sent to', async () => {
    const to = numbers(5);
    stage.sandbox.configure({
      quirks: { partialSuccess: 'refuse-all', failArray: 'always' },
      rules: [{ number: to[0] ?? '', status: -9 }],
    });
    const { id } = await outbox.enqueue({ to, content: 'hello' });
    expect((await decided(id))?.recipients.map(({ state }) => state)).toEqual(to.map(() => 'rejected'));
    expect([stage.sandbox.messages, stage.sandbox.requests.length]).toEqual([[], 1]);
  });

  it('keeps the order ids of the caller through every division', async () => {
    const to = numbers(8).map((number, i) => ({ number, orderId: `own-${i}` }));
    stage.sandbox.configure({
      quirks: { partialSuccess: 'refuse-all', failArray: 'never' },
      rules: [{ number: to[5]?.number ?? '', status: -9 }],
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

  it('refuses who is left when the requests for finding out are used up, and sends to nobody twice', async () => {
    const to = numbers(300);
    const wrong = to.filter((_, i) => i % 10 === 0);
    stage.sandbox.configure({
      quirks: { partialSuccess: 'refuse-all', failArray: 'never' },
      rules: wrong.map((number) => ({ number, status: -9 })),
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

  it('tells a caller who waits when the last part is decided, and not before', async () => {
    const to = numbers(5);
    stage.sandbox.configure({
      quirks: { partialSuccess: 'refuse-all', failArray: 'never' },
      rules: [{ number: to[0] ?? '', status: -9 }],
    });
    const { receipt } = await outbox.send({ to, content: 'hello' });
    expect([receipt?.accepted.map(({ number }) => number), receipt?.rejected.map(({ number }) => number)]).toEqual([
      to.slice(1),
      to.slice(0, 1),
    ]);
  });

  describe('in a hostile answer', () => {
    const array = (msgId: (index: number) => string) => (envelope: object) => ({
      ...envelope,
      array: numbers(3).map((number, i) => ({ msgId: msgId(i), number, orderId: null })),
    });

    // What comes of three recipients: states, and the message ids as they are written down.
    it.each<[name: string, step: ScriptStep, states: string[], ids: (string | undefined)[] | undefined]>([
      [
        'ids with commas',
        { answer: array((i) => `a,${i}`) },
        ['accepted', 'accepted', 'accepted'],
        ['a,0', 'a,1', 'a,2'],
      ],
      ['ids with NUL', { answer: array((i) => `a\0${i}`) }, ['accepted', 'accepted', 'accepted'], ['a0', 'a1', 'a2']],
      [
        'ids of half a character pair',
        { answer: array((i) => `a,\ud800${i}`) },
        ['accepted', 'accepted', 'accepted'],
        ['a,\ufffd0', 'a,\ufffd1', 'a,\ufffd2'],
      ],
      [
        'ids that no index takes',
        { answer: array((i) => `${i}${randomText(9_000)}`) },
        ['accepted', 'accepted', 'accepted'],
        [undefined, undefined, undefined],
      ],
      ['the same id for all', { answer: array(() => '1') }, ['accepted', 'accepted', 'accepted'], ['1', '1', '1']],
      ['items of nobody', { fault: 'foreign-items', count: 2 }, ['accepted', 'accepted', 'accepted'], undefined],
      ['a missing item', { fault: 'missing-items', count: 1 }, ['accepted', 'accepted', 'held'], undefined],
      ['no list', { fault: 'missing-fields', fields: ['array'] }, ['held', 'held', 'held'], undefined],
      ['texts for lists', { fault: 'string-for-array' }, ['held', 'held', 'held'], undefined],
      ['ids as numbers', { fault: 'msg-id-as-number' }, ['accepted', 'accepted', 'accepted'], undefined],
    ])('%s: everybody keeps what is known of them', async (_, step, states, ids) => {
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

    it('words that end in half a character pair do not hold up what comes after them', async () => {
      const to = numbers(3);
      stage.sandbox.configure({
        rules: to.slice(1).map((number, i) => ({ number, status: -9, reason: `${i}${'x'.repeat(198)}😀` })),
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

/** Text that does not become short when it is compressed. */
function randomText(length: number): string {
  let state = 7;
  return Array.from({ length }, () => ((state = (state * 48_271) % 2_147_483_647) % 36).toString(36)).join('');
}
