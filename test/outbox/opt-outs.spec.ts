import type { INestApplicationContext } from '@nestjs/common';
import { SmsInbox, SmsOptOuts, type SmsOutbox } from 'nestjs-laaffic-outbox';
import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import { InboundIntake } from '../../libs/laaffic-outbox/src/reports/inbound-intake.js';
import { failureOf } from '../module/account.js';
import { until } from '../until.js';
import { numbers, Stage } from './stage.js';

let stage: Stage;
let app: INestApplicationContext;
let outbox: SmsOutbox;
let optOuts: SmsOptOuts;
let inbox: SmsInbox;
let intake: InboundIntake;

beforeAll(async () => {
  stage = await Stage.set();
  ({ app, outbox } = await stage.app());
  optOuts = app.get(SmsOptOuts, { strict: false });
  inbox = app.get(SmsInbox, { strict: false });
  intake = app.get(InboundIntake, { strict: false });
});
beforeEach(() => stage.clear());
afterAll(() => stage.close());

let next = 0;
/** Numbers that no other test has. */
const newNumbers = (count: number): string[] => numbers(count, (next += 10_000));
const ada = { actor: 'Ada' };
const by = { ...ada, reason: 'asked by phone' };
const OPTED_OUT = { code: 'OUTBOX_OPTED_OUT', reason: 'the recipient wants no messages' };
const outcomesOf = async (id: string) =>
  (await outbox.find(id))!.recipients.map(({ number, state, code }) => ({ number, state, code }));
const sentTo = () => stage.sandbox.messages.map(({ number }) => number);

describe('a person who has opted out', () => {
  it('gets no message, and the sender is told', async () => {
    const [number] = newNumbers(1) as [string];
    expect([await optOuts.add(`+${number}`, by), await optOuts.add(number, by)]).toEqual([true, false]);
    const enqueued = outbox.enqueue({ to: number, content: 'Sale' }, { idempotencyKey: 'late' });
    // This process may have looked just before.
    const error = await failureOf(enqueued);
    expect(error === undefined ? OPTED_OUT : error).toMatchObject({ code: 'OUTBOX_OPTED_OUT' });
    await until(() => failureOf(outbox.enqueue({ to: number, content: 'Sale' })));
    expect(await failureOf(outbox.enqueue({ to: number, content: 'Sale' }))).toMatchObject({
      ...{ code: 'OUTBOX_OPTED_OUT', outcome: 'rejected', httpStatus: 422 },
    });
    expect(sentTo()).not.toContain(number);
  });

  it('is left out of a list and a campaign, whose counts still add up', async () => {
    const list = newNumbers(5);
    await optOuts.import([list[1]!, list[3]!], ada);
    const { id } = await outbox.enqueue({ to: list, content: 'News' }, { purpose: 'marketing' });
    const campaigns = app.get(SmsCampaigns, { strict: false });
    const { id: campaignId } = await campaigns.create({
      name: 'News',
      content: 'News',
      recipients: list,
      sendAt: 'now',
    });
    await until(async () => (await campaigns.find(campaignId))?.state === 'done');
    await until(async () => (await outcomesOf(id)).every(({ state }) => state !== 'pending' && state !== 'sending'));
    const rejected = (number: string) => ({ number, state: 'rejected', code: 'OUTBOX_OPTED_OUT' });
    const accepted = (number: string) => ({ number, state: 'accepted', code: undefined });
    const [a, b, c, d, e] = list as [string, string, string, string, string];
    expect(await outcomesOf(id)).toEqual([accepted(a), rejected(b), accepted(c), rejected(d), accepted(e)]);
    expect(await campaigns.getProgress(campaignId)).toMatchObject({
      ...{ accepted: 3, rejected: 2, unknown: 0 },
    });
    expect(sentTo().filter((number) => number === b || number === d)).toEqual([]);
    expect(sentTo().filter((number) => number === a)).toHaveLength(2);
  });

  it('still gets one-time passwords', async () => {
    const [number] = newNumbers(1) as [string];
    await optOuts.add(number, by);
    const { receipt } = await outbox.send({ to: number, content: 'Your code is 123456' }, { purpose: 'otp' });
    expect(receipt?.accepted).toHaveLength(1);
  });

  it('may have opted out of one sender only', async () => {
    const [number] = newNumbers(1) as [string];
    await optOuts.add(number, { ...by, senderId: 'SHOP' });
    const message = (senderId: string) => ({ to: number, content: 'Sale', senderId });
    const list = (senderId: string) => ({ ...message(senderId), to: [number, ...newNumbers(1)] });
    const shop = await outbox.send(list('SHOP'));
    const bank = await outbox.send(message('BANK'));
    expect([shop.receipt?.rejected.map(({ code }) => code), bank.receipt?.accepted.length]).toEqual([
      ...[['OUTBOX_OPTED_OUT'], 1],
    ]);
  });

  it('gets messages again when the opt-out has ended, which an import does not bring back', async () => {
    const [number] = newNumbers(1) as [string];
    await optOuts.add(number, by);
    expect(await optOuts.end(number, { ...ada, consent: 'form 7' })).toBe(true);
    expect(await optOuts.end(number, { ...ada, consent: 'form 7' })).toBe(false);
    expect(await optOuts.import([number, 'no number', number], ada)).toEqual({
      ...{ added: 0, known: 2, invalid: [1], invalidCount: 1 },
    });
    const { receipt } = await outbox.send({ to: [number, ...newNumbers(1)], content: 'Hello' });
    expect(receipt?.accepted).toHaveLength(2);
    expect(await optOuts.list({ number })).toEqual([
      {
        ...{ number, reason: 'asked by phone', actor: 'Ada', since: expect.any(Date) as Date },
        ...{ endedAt: expect.any(Date) as Date, endedBy: 'Ada', consent: 'form 7' },
      },
    ]);
    expect(await optOuts.check([number])).toEqual([]);
  });

  it('is rejected, and the others are unknown, if the response is lost', async () => {
    const list = newNumbers(3);
    await optOuts.add(list[0]!, by);
    stage.sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
    const { id } = await outbox.enqueue({ to: list, content: 'News' }, { onUnconfirmed: 'abandon' });
    await until(async () => (await outcomesOf(id)).every(({ state }) => state === 'abandoned' || state === 'rejected'));
    expect((await outcomesOf(id)).map(({ state }) => state)).toEqual(['rejected', 'abandoned', 'abandoned']);
  });
});

describe('what people write', () => {
  const at = new Date('2026-11-30T10:00:00Z');
  it('is stored once, with the opt-out that it is', async () => {
    const [number] = newNumbers(1) as [string];
    const push = { from: number, to: 'ACME', content: 'STOP', at, msgId: '1' };
    // Repeated, and then listed by the platform, which gives no id.
    for (const sms of [push, push, { from: number, content: 'STOP', at }]) await intake.take(sms);
    expect(await inbox.list({ number })).toEqual([
      {
        ...{ id: expect.any(String) as string, from: number, to: 'ACME', content: 'STOP', type: 'opt-out', at },
        receivedAt: expect.any(Date) as Date,
      },
    ]);
    expect(await optOuts.check([number])).toMatchObject([{ number, reason: 'reply', actor: 'recipient' }]);
    await intake.take({ from: number, content: 'START', at, msgId: '2' });
    expect(await optOuts.check([number])).toEqual([]);
    expect((await inbox.list({ number })).map(({ type }) => type)).toEqual(['opt-in', 'opt-out']);
  });

  it('takes effect for everything that is claimed after it was taken', async () => {
    const list = newNumbers(400);
    const stopped = list.filter((_, index) => index % 7 === 0);
    // Sent much later than the opt-outs, by another process that has read the list before.
    await outbox.send({ to: newNumbers(2), content: 'warms up' });
    for (const from of stopped) await intake.take({ from, content: ' stop ', at, msgId: from });
    const { receipt } = await outbox.send({ to: list, content: 'Sale' });
    expect(receipt?.rejected.map(({ number }) => number).sort()).toEqual(stopped.toSorted());
    expect(receipt?.accepted).toHaveLength(list.length - stopped.length);
  });
});
