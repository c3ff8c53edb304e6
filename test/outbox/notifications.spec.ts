import { LaneWorker } from '../../libs/laaffic-outbox/src/worker/lane.js';
import { OnRecipientState, SmsCampaigns, type SmsOutbox } from 'nestjs-laaffic-outbox';
import { Injectable } from '@nestjs/common';
import { Client, type Notification } from 'pg';
import { campaignOf } from './campaigns.js';
import { Line } from './line.js';
import { numbers, Stage } from './stage.js';
import { until } from '../until.js';

jest.setTimeout(120_000);

const SMS = { to: numbers(1), content: 'x' };
/** Only a notification wakes such a worker within the time of a test. */
const SLEEPY = { pollIntervalMs: 600_000 };
const ACCOUNT = '4luaKsL2';

@Injectable()
class Handlers {
  static calls = 0;

  @OnRecipientState({ state: 'accepted' })
  onState(): void {
    Handlers.calls++;
  }
}

describe('notifications', () => {
  let stage: Stage;
  let session: Client;
  let heard: Notification[];

  beforeAll(async () => {
    stage = await Stage.set();
    await stage.app({ worker: false });
    await stage.stop();
  });
  beforeEach(async () => {
    await stage.clear();
    heard = [];
    session = new Client({ connectionString: stage.database.url });
    session.on('notification', (notification) => heard.push(notification));
    await session.connect();
    for (const name of ['due', 'outcome', 'event']) await session.query(`listen "laaffic_outbox:${name}"`);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await stage.stop();
    await session.end();
  });
  afterAll(() => stage.close());

  const lines = () => heard.map(({ channel, payload }) => `${channel} ${payload ?? ''}`);
  const isAccepted = (count: number) =>
    until(
      () => stage.sums(),
      (sums) => sums?.['accepted'] === count,
      20_000,
    );
  /** Waits until so many processes listen. */
  const listens = (count: number) =>
    until(
      () =>
        stage.query(`select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
          and query like '%pg_listening_channels%' and state = 'idle'`),
      (rows) => rows.length === count,
    );

  /** Enqueues in a transaction of its own. */
  async function enqueueAndCommit(outbox: SmsOutbox, to: string, client: Client): Promise<void> {
    await client.query('begin');
    await outbox.enqueue({ to, content: 'x' }, { transaction: client });
    await client.query('commit');
  }

  it('name the account and the lane, and come after the commit of a call without a transaction', async () => {
    const { outbox, app } = await stage.app({ worker: false });
    const campaigns = app.get(SmsCampaigns);
    await outbox.enqueue(SMS);
    await until(lines, (all) => all.length === 1);
    await outbox.enqueue(SMS, { lane: 'bulk' });
    await until(lines, (all) => all.length === 2);
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(2) }));
    // A message that is not due yet notifies no worker.
    await outbox.enqueue(SMS, { sendAt: new Date(Date.now() + 3_600_000) });
    await campaigns.start(id);
    await until(lines, (all) => all.length === 3);
    expect(lines()).toEqual(['priority', 'bulk', 'bulk'].map((lane) => `laaffic_outbox:due ${lane}:${ACCOUNT}`));
  });

  it('wake only the workers of that lane and account', async () => {
    const wake = jest.spyOn(LaneWorker.prototype, 'wake');
    const woken = () => wake.mock.contexts.map((lane) => (lane as LaneWorker).name);
    const { outbox } = await stage.app({ worker: false });
    await stage.app({ worker: SLEEPY });
    // Connecting wakes both lanes once.
    await until(woken, (all) => all.length === 2);
    await session.query(
      `select pg_notify('laaffic_outbox:due', 'priority:another'), pg_notify('laaffic_outbox:due', 'bulk:another')`,
    );
    await outbox.enqueue(SMS);
    await isAccepted(1);
    expect(woken()).toEqual(['priority', 'bulk', 'priority']);
  });

  it('of an app that commits often are few, and messages committed in between are sent at once all the same', async () => {
    const { outbox } = await stage.app({ worker: false });
    await stage.app({ worker: SLEEPY });
    await listens(2);
    const client = new Client({ connectionString: stage.database.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      const began = performance.now();
      for (const to of numbers(60)) await enqueueAndCommit(outbox, to, client);
      const windows = Math.ceil((performance.now() - began) / 100);
      await isAccepted(60);
      const byApp = heard.filter(({ processId }) => processId === rows[0]?.pid);
      expect(byApp.length).toBeGreaterThanOrEqual(1);
      expect(byApp.length).toBeLessThanOrEqual(windows);
      const due = heard.filter(({ channel }) => channel === 'laaffic_outbox:due');
      // Two more follow the last commit.
      expect(due.length).toBeLessThanOrEqual(windows + 3);
    } finally {
      await client.end();
    }
  });

  it('do not miss a message that is committed after the transaction that notified was rolled back', async () => {
    const { outbox } = await stage.app({ worker: false });
    await stage.app({ worker: SLEEPY });
    await listens(2);
    const [first, second] = [1, 2].map(() => new Client({ connectionString: stage.database.url }));
    await first!.connect();
    await second!.connect();
    try {
      await first!.query('begin');
      await outbox.enqueue(SMS, { transaction: first! });
      await enqueueAndCommit(outbox, numbers(1, 7)[0]!, second!);
      await first!.query('rollback');
      await isAccepted(1);
    } finally {
      await first!.end();
      await second!.end();
    }
  });

  it('are neither sent nor listened for with `notify: false`, and polling does everything', async () => {
    const options = { notify: false, listenUrl: 'postgres://127.0.0.1:1/nowhere' };
    const { outbox, app } = await stage.app({ ...options, worker: false });
    await stage.app({ ...options, worker: { pollIntervalMs: 20 } }, { providers: [Handlers] });
    Handlers.calls = 0;
    const { receipt } = await outbox.send(SMS, { timeoutMs: 20_000 });
    await outbox.enqueue({ to: numbers(1, 3), content: 'x' }, { transaction: session }).catch(() => undefined);
    const campaigns = app.get(SmsCampaigns);
    await campaigns.create(campaignOf({ recipients: numbers(2), sendAt: 'now' }));
    await isAccepted(3);
    await until(() => Handlers.calls >= 2);
    expect(receipt?.accepted).toHaveLength(1);
    await session.query('select 1');
    expect(lines()).toEqual([]);
    expect(
      await stage.query(`select from pg_stat_activity where datname = current_database() and query like '%pg_listening%'
      and pid <> pg_backend_pid()`),
    ).toEqual([]);
  });

  it('come again a few seconds after their connection broke without a sign', async () => {
    const line = await Line.to(stage.database.url);
    try {
      const { outbox } = await stage.app({ worker: false });
      await stage.app({ worker: SLEEPY, listenUrl: line.url });
      await listens(2);
      line.freeze();
      const began = performance.now();
      await until(
        () => line.opened === 2,
        (isSo) => isSo,
        15_000,
      );
      expect(performance.now() - began).toBeLessThan(10_000);
      await outbox.enqueue(SMS);
      await isAccepted(1);
    } finally {
      await stage.stop();
      await line.cut();
    }
  });
});
