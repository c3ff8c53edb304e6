import { Injectable } from '@nestjs/common';
import type { DeliveryReport } from 'nestjs-laaffic';
import {
  OnRecipientState,
  SmsCampaigns,
  SmsOutbox,
  type LaafficOutboxOptions,
  type RecipientState,
  type RecipientStateEvent,
} from 'nestjs-laaffic-outbox';
import { ReportIntake } from '../../libs/laaffic-outbox/src/reports/report-intake.js';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

jest.setTimeout(60_000);

const AT = new Date('2026-11-22T15:02:17Z');
const LOST = { endpoint: 'sendSms', fault: 'cut-after-accepting' } as const;
const TO = numbers(2);
const SMS = { to: TO, content: 'x' };

/** The subject of an event: messages and campaigns each have their own ids. */
const subjectOf = ({ messageId, campaignId }: RecipientStateEvent) =>
  campaignId === undefined ? messageId : `campaign ${campaignId}`;

/** The events that handlers got. */
class Heard {
  readonly events: RecipientStateEvent[] = [];

  about(subject: string) {
    return this.events.filter((event) => subjectOf(event) === subject).flatMap(({ recipients }) => recipients);
  }

  /** By position, in the order of arrival. */
  statesOf(subject: string): Record<number, string[]> {
    const states: Record<number, string[]> = {};
    for (const { position, state } of this.about(subject)) (states[position] ??= []).push(state);
    return states;
  }
}

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set();
}, 60_000);
afterAll(() => stage.close());

/** A worker with a handler for every state. */
async function start(options: Partial<LaafficOutboxOptions> = {}) {
  const heard = new Heard();
  @Injectable()
  class Listener {
    @OnRecipientState()
    changed(event: RecipientStateEvent) {
      heard.events.push(event);
    }
  }
  const { app, outbox } = await stage.app(options, { providers: [Listener] });
  const schema = options.schema ?? 'laaffic_outbox';
  const intake = app.get(ReportIntake, { strict: false });
  const allTaken = () =>
    until(
      () => stage.query(`select topic from event union all select topic from event_delivery`, [], schema),
      (rows) => rows.length === 0,
    );
  return {
    outbox,
    heard,
    allTaken,
    campaigns: app.get(SmsCampaigns),
    report: (report: Partial<DeliveryReport>) =>
      intake.take({ msgId: '1', number: undefined, state: 'delivered', at: AT, ...report }),
    /** @throws unless handlers got exactly these states of the message. */
    hears: async (id: string, expected: Record<number, string[]>) => {
      await until(
        () => heard.statesOf(id),
        (seen) => Object.entries(expected).every(([at, states]) => (seen[Number(at)]?.length ?? 0) >= states.length),
      );
      await allTaken();
      expect(heard.statesOf(id)).toEqual(expected);
    },
  };
}

type Worker = Awaited<ReturnType<typeof start>>;

describe('handlers get each change of a recipient once, in order', () => {
  let worker: Worker;
  beforeAll(async () => {
    worker = await start({ onUnconfirmed: { priority: 'hold', bulk: 'abandon' } });
  }, 60_000);
  beforeEach(() => stage.clear());

  const has = (id: string, state: RecipientState) =>
    until(
      async () => (await worker.outbox.find(id))?.recipients.map((recipient) => recipient.state) ?? [],
      (seen) => seen.includes(state),
    );
  const idsOf = async (id: string) => (await worker.outbox.find(id))?.recipients.map(({ msgId }) => msgId ?? '') ?? [];
  const lose = async (options: Parameters<SmsOutbox['enqueue']>[1] = {}) => {
    stage.sandbox.script(LOST);
    return (await worker.outbox.enqueue(SMS, options)).id;
  };
  const held = async () => {
    const id = await lose();
    await has(id, 'held');
    return id;
  };
  const resolve = (id: string, decision: 'sent' | 'abandon' | 'resend', positions?: number[]) =>
    worker.outbox.resolveHeld(id, decision, { actor: 'a person', positions });
  /** A message that a worker has claimed and that waits for its response. */
  const sending = async (age = '0 seconds') => {
    const { id } = await worker.outbox.enqueue(SMS, { sendAt: new Date(Date.now() + 600_000) });
    await stage.query(
      `update chunk set state = 'sending', attempt = 1, sent_at = clock_timestamp(), changed_at = clock_timestamp() - $2::interval
        where id = $1`,
      [id, age],
    );
    return id;
  };
  const paused = async (id: string) => {
    // Nothing is sent until the test has taken its steps.
    await stage.query(
      `update account set paused_at = clock_timestamp(), probe_at = clock_timestamp() + interval '1 hour'`,
    );
    return id;
  };
  const both = (...states: string[]) => ({ 0: states, 1: states });

  const courses: [name: string, course: () => Promise<[id: string, states: Record<number, string[]>]>][] = [
    [
      'accepted, delivered and failed',
      async () => {
        const { id } = await worker.outbox.send(SMS);
        const [first, second] = await idsOf(id);
        await worker.report({ msgId: first! });
        await worker.report({ msgId: second!, state: 'failed', reason: 'UNDELIV' });
        await worker.report({ msgId: second! });
        return [id, { 0: ['accepted', 'delivered'], 1: ['accepted', 'failed'] }];
      },
    ],
    [
      'rejected by the gateway',
      async () => {
        stage.sandbox.script({ status: -3 });
        return [(await worker.outbox.enqueue(SMS)).id, both('rejected')];
      },
    ],
    [
      'accepted and rejected in one response',
      async () => {
        stage.sandbox.configure({ rejectionRules: [{ number: TO[1]!, status: -9 }] });
        return [(await worker.outbox.enqueue(SMS)).id, { 0: ['accepted'], 1: ['rejected'] }];
      },
    ],
    [
      'rejected for one number that is found by splitting',
      async () => {
        stage.sandbox.configure({
          quirks: { partialSuccess: 'reject-all', failArray: 'never' },
          rejectionRules: [{ number: TO[1]!, status: -9 }],
        });
        return [(await worker.outbox.enqueue(SMS)).id, { 0: ['accepted'], 1: ['rejected'] }];
      },
    ],
    [
      'unknown, held, marked as sent by a person, and delivered after all',
      async () => {
        const id = await held();
        await resolve(id, 'sent', [0]);
        const [{ orderId } = { orderId: '' }] = (await worker.outbox.find(id))?.recipients ?? [];
        await worker.report({ orderId, number: TO[0] });
        return [id, { 0: ['unknown', 'held', 'accepted', 'delivered'], 1: ['unknown', 'held'] }];
      },
    ],
    [
      'unknown, held and abandoned',
      async () => {
        const id = await held();
        await resolve(id, 'abandon');
        return [id, both('unknown', 'held', 'abandoned')];
      },
    ],
    [
      'unknown, and proved by reports',
      async () => {
        const id = await sending('1 hour');
        await has(id, 'held');
        for (const { orderId, number, position } of (await worker.outbox.find(id))?.recipients ?? []) {
          await worker.report({
            msgId: `8${id}${position}`,
            orderId,
            number,
            state: position === 0 ? 'sending' : 'failed',
          });
        }
        return [id, { 0: ['unknown', 'held', 'accepted'], 1: ['unknown', 'held', 'failed'] }];
      },
    ],
    [
      'held, and resent to one of them',
      async () => {
        const id = await held();
        await resolve(id, 'resend', [1]);
        return [id, { 0: ['unknown', 'held'], 1: ['unknown', 'held', 'accepted'] }];
      },
    ],
    ['abandoned by the policy of the lane', async () => [await lose({ lane: 'bulk' }), both('unknown', 'abandoned')]],
    [
      'unknown in a response that lists others, then held',
      async () => {
        stage.sandbox.script({ fault: 'missing-items' });
        return [(await worker.outbox.enqueue(SMS)).id, { 0: ['accepted'], 1: ['unknown', 'held'] }];
      },
    ],
    [
      'unknown in a response that lists others, then abandoned',
      async () => {
        stage.sandbox.script({ fault: 'missing-items' });
        const { id } = await worker.outbox.enqueue(SMS, { lane: 'bulk' });
        return [id, { 0: ['accepted'], 1: ['unknown', 'abandoned'] }];
      },
    ],
    [
      'cancelled',
      async () => {
        const { id } = await worker.outbox.enqueue(SMS, { sendAt: new Date(Date.now() + 600_000) });
        await worker.outbox.cancel(id);
        return [id, both('cancelled')];
      },
    ],
    [
      'expired',
      async () => {
        const { id } = await worker.outbox.enqueue(SMS, { sendBefore: new Date(Date.now() - 1_000) });
        return [id, both('rejected')];
      },
    ],
    [
      'held, resent, and cancelled before that',
      async () => {
        const id = await paused(await held());
        await resolve(id, 'resend');
        await worker.outbox.cancel(id);
        return [id, both('unknown', 'held', 'abandoned')];
      },
    ],
    [
      'lost with its worker, and accepted late',
      async () => {
        const id = await sending('1 hour');
        await has(id, 'held');
        await stage.query(
          `select complete_chunk($1, 1, 'late', '1', $2, '{0}', '{rejected}', '{X}', '{y}', '{null}', null)`,
          [id, `9${id}`],
        );
        return [id, { 0: ['unknown', 'held', 'rejected'], 1: ['unknown', 'held', 'accepted'] }];
      },
    ],
    [
      'lost with its worker, and rejected late',
      async () => {
        const id = await sending('1 hour');
        await has(id, 'held');
        await stage.query(`select reject_chunk($1, 1, 'late', 'X', 'y')`, [id]);
        return [id, both('unknown', 'held', 'rejected')];
      },
    ],
    [
      'rejected late after it was abandoned, which changes nothing',
      async () => {
        const id = await sending('1 hour');
        await stage.query(`update chunk set maybe_accepted = true, lane = 'bulk' where id = $1`, [id]);
        await has(id, 'abandoned');
        await stage.query(`select reject_chunk($1, 1, 'late', 'X', 'y')`, [id]);
        return [id, both('unknown', 'abandoned')];
      },
    ],
    [
      'reported before its response, by a report that is kept',
      async () => {
        const id = await sending();
        const [{ orderId, number } = { orderId: '', number: undefined }] =
          (await worker.outbox.find(id))?.recipients ?? [];
        await worker.report({ msgId: `7${id}`, orderId, number });
        await stage.query(`select complete_chunk($1, 1, 'response', null, $2, '{}', '{}', '{}', '{}', '{}', null)`, [
          id,
          `7${id},6${id}`,
        ]);
        return [id, { 0: ['accepted', 'delivered'], 1: ['accepted'] }];
      },
    ],
    [
      'reported although it counted as not sent',
      async () => {
        const id = await paused(await sending());
        const [{ orderId, number } = { orderId: '', number: undefined }] =
          (await worker.outbox.find(id))?.recipients ?? [];
        await stage.query(`select release_chunk($1, 1, 'worker', 'X', 'y', 0, false)`, [id]);
        await worker.report({ msgId: `5${id}`, orderId, number });
        return [id, { 0: ['delivered'], 1: ['unknown', 'held'] }];
      },
    ],
    [
      'in a campaign that is cancelled',
      async () => {
        const { id } = await worker.campaigns.create({ name: 'k', content: 'x', recipients: TO });
        await worker.campaigns.cancel(id, 'a person');
        return [`campaign ${id}`, both('cancelled')];
      },
    ],
    [
      'in a campaign, left over when it was cancelled',
      async () => {
        const { id } = await worker.campaigns.create({ name: 'k', content: 'x', recipients: TO });
        await stage.query(`update campaign set state = 'cancelled' where id = $1`, [id]);
        return [`campaign ${id}`, both('cancelled')];
      },
    ],
    [
      'in a campaign, rejected and resent',
      async () => {
        stage.sandbox.script({ status: -3 });
        const { id } = await worker.campaigns.create({
          name: 'k',
          content: 'x',
          recipients: [...TO, 'x'],
          sendAt: 'now',
        });
        await until(
          () => worker.campaigns.getProgress(id),
          ({ rejected }) => rejected === 2,
        );
        await worker.campaigns.retryRejected(id, { actor: 'a person' });
        return [`campaign ${id}`, both('rejected', 'accepted')];
      },
    ],
  ];

  it.each(courses)('for %s', async (_name, course) => {
    const [id, states] = await course();
    await worker.hears(id, states);
    // A recipient that moved to another chunk meanwhile still has a number.
    expect(worker.heard.about(id).filter(({ position, number }) => number !== TO[position])).toEqual([]);
  });

  it('for a large campaign whose reports come in batches, whether or not its answers are expanded', async () => {
    const to = numbers(2_500);
    const { id } = await worker.campaigns.create({ name: 'k', content: 'x', recipients: to, sendAt: 'now' });
    await until(
      () => worker.campaigns.getProgress(id),
      ({ accepted }) => accepted === to.length,
      30_000,
    );
    const sent = stage.sandbox.messages.map(({ msgId, number }) => ({ msgId, position: to.indexOf(number) }));
    const reports = sent.map(({ msgId, position }) => ({
      msgId,
      state: position % 10 === 0 ? ('failed' as const) : ('delivered' as const),
    }));
    // Across the chunks, each of them twice.
    const mixed = reports.map((_, index) => reports[(index * 7) % reports.length]!);
    for (let at = 0; at < mixed.length; at += 500) {
      await Promise.all([...mixed.slice(at, at + 500), ...mixed.slice(at, at + 100)].map((one) => worker.report(one)));
    }
    const end = (position: number) => (position % 10 === 0 ? 'failed' : 'delivered');
    await worker.hears(
      `campaign ${id}`,
      Object.fromEntries(to.map((_, position) => [position, ['accepted', end(position)]])),
    );
  });
});

describe('handlers get what the outbox finds out itself', () => {
  it('from reports that were not pushed', async () => {
    stage.sandbox.reset();
    const { outbox, hears } = await start({ schema: 'fetched', timing: { ...SHORT, reportsAfterMs: 100 } });
    const { id } = await outbox.send({ to: TO[0]!, content: 'x' }, {});
    stage.sandbox.setDeliveryState(stage.sandbox.messages[0]!.msgId, 'delivered');
    await hears(id, { 0: ['accepted', 'delivered'] });
    await stage.stop();
  });

  it('from records of a message whose response was lost', async () => {
    stage.sandbox.reset();
    const { outbox, hears } = await start({
      schema: 'looked_up',
      timing: { ...SHORT, lookupIntervalMs: 100, gracePeriodMs: 30_000 },
    });
    stage.sandbox.script(LOST);
    const { id } = await outbox.enqueue({ to: TO[0]!, content: 'x' });
    await until(
      () => stage.sandbox.messages,
      (messages) => messages.length === 1,
    );
    stage.sandbox.setDeliveryState(stage.sandbox.messages[0]!.msgId, 'delivered');
    await until(
      async () => (await outbox.find(id))?.recipients[0]?.state,
      (state) => state === 'delivered',
    );
    await hears(id, { 0: ['unknown', 'delivered'] });
  });
});
