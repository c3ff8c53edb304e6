import { Injectable } from '@nestjs/common';
import { OnCampaignDone, OnRecipientState, SmsCampaigns } from 'nestjs-laaffic-outbox';
import { OutboxHealthIndicator, OutboxHealthModule } from 'nestjs-laaffic-outbox/health';
import { TerminusModule } from '@nestjs/terminus';
import { Client, Pool } from 'pg';
import { failureOf } from '../module/account.js';
import { campaignOf, numbers as campaignNumbers, progressOf, readAll } from './campaigns.js';
import { hasPgBouncer, startPgBouncer, type PgBouncer } from './pgbouncer.js';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

jest.setTimeout(120_000);

if (!hasPgBouncer) {
  // A list of skipped tests is easily overlooked.
  process.stderr.write(
    '\nNOT RUN: test/outbox/pgbouncer.spec.ts, because there is no program pgbouncer on this machine\n\n',
  );
}

@Injectable()
class Handlers {
  static readonly calls: string[] = [];

  @OnRecipientState({ state: ['accepted', 'delivered', 'held'] })
  onState({ recipients }: { recipients: readonly { state: string }[] }): void {
    Handlers.calls.push(...recipients.map(({ state }) => state));
  }

  @OnCampaignDone()
  onDone({ name }: { name: string }): void {
    Handlers.calls.push(`done ${name}`);
  }
}

(hasPgBouncer ? describe : describe.skip)('behind a PgBouncer in transaction mode', () => {
  let stage: Stage;
  let bouncer: PgBouncer;
  let pool: Pool;

  beforeAll(async () => {
    stage = await Stage.set();
    bouncer = await startPgBouncer(stage.database.url);
    pool = new Pool({ connectionString: bouncer.url, max: 10 });
    pool.on('error', () => undefined);
  });
  beforeEach(() => {
    Handlers.calls.length = 0;
  });
  afterEach(() => stage.stop());
  afterAll(async () => {
    await pool.end();
    await bouncer.close();
    await stage.close();
  });

  const more = { imports: [TerminusModule, OutboxHealthModule.forRoot()], providers: [Handlers] };
  const timing = { ...SHORT, gracePeriodMs: 200, reportsAfterMs: 300 };

  it.each(['a URL', 'a pool of the app'])(
    'everything works with %s, and nothing is left in the sessions',
    async (kind) => {
      const database = kind === 'a URL' ? bouncer.url : pool;
      // The first migrates.
      const worker = { pollIntervalMs: 600_000 };
      const { app, outbox } = await stage.app({ database, timing, listenUrl: stage.database.url, worker }, more);
      const web = await stage.app({ database, timing, listenUrl: stage.database.url, worker: false });
      const campaigns = web.app.get(SmsCampaigns);
      await until(
        () =>
          stage.query(`select from pg_stat_activity where datname = current_database()
          and query like '%pg_listening_channels%' and state = 'idle' and pid <> pg_backend_pid()`),
        (rows) => rows.length === 2,
      );

      // Without and within a transaction. No process polls, so notifications arrive.
      const { receipt } = await web.outbox.send({ to: numbers(1), content: 'x' }, { timeoutMs: 20_000 });
      expect(receipt?.accepted).toHaveLength(1);
      const client = new Client({ connectionString: bouncer.url });
      await client.connect();
      await client.query('begin');
      const { id: inTransaction } = await web.outbox.enqueue(
        { to: numbers(2, 1), content: 'x' },
        { transaction: client, idempotencyKey: `in a transaction of ${kind}` },
      );
      await client.query('commit');
      await until(async () =>
        (await outbox.find(inTransaction))?.recipients.every(({ state }) => state === 'accepted'),
      );
      const again = await web.outbox.enqueue(
        { to: numbers(2, 1), content: 'x' },
        { idempotencyKey: `in a transaction of ${kind}` },
      );
      expect(again).toEqual({ id: inTransaction, isNew: false });
      expect(
        await failureOf(web.outbox.enqueue({ to: numbers(1), content: 'x' }, { transaction: client })),
      ).toMatchObject({
        code: 'OUTBOX_INVALID_TRANSACTION',
      });
      await client.end();

      // A campaign: two creators of one key, a pause, progress and results.
      const key = `a campaign of ${kind}`;
      const create = () =>
        campaigns.create(campaignOf({ name: key, idempotencyKey: key, recipients: campaignNumbers(34_000) }));
      const [first, second] = await Promise.allSettled([create(), create()]);
      const created = [first, second].flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
      expect(created.filter(({ isNew }) => isNew)).toHaveLength(1);
      const id = created[0]!.id;
      await campaigns.start(id);
      await campaigns.pause(id);
      await campaigns.resume(id);
      const done = await until(
        () => campaigns.getProgress(id),
        ({ state }) => state === 'done',
      );
      expect(done).toEqual(progressOf(id, 'done', { total: 34_000, accepted: 34_000 }));
      expect(await readAll(campaigns.listResults(id))).toHaveLength(34_000);
      await until(() => Handlers.calls.includes(`done ${key}`));

      // A lost response, a hold, a decision.
      stage.sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
      const lost = await web.outbox.enqueue({ to: numbers(1, 9), content: 'x' });
      await until(async () => (await web.outbox.find(lost.id))?.recipients[0]?.state === 'held');
      await until(() => Handlers.calls.includes('held'));
      expect(await readAll(web.outbox.listHeld())).toHaveLength(1);
      expect(await web.outbox.resolveHeld(lost.id, 'sent', { actor: 'a person' })).toBe(1);

      // A report, which a worker fetches.
      const { msgId } = (await outbox.find(inTransaction))!.recipients[0]!;
      stage.sandbox.setDeliveryState(msgId!, 'delivered');
      await until(async () => (await outbox.find(inTransaction))?.recipients[0]?.state === 'delivered');
      await until(() => Handlers.calls.includes('delivered'));

      const health = app.get(OutboxHealthIndicator, { strict: false });
      expect(await health.isHealthy()).toMatchObject({ outbox: { status: 'up' } });

      expect(await readAll(web.outbox.getHistory(lost.id))).not.toEqual([]);
      await stage.stop();
      await leavesNothing();
    },
  );

  /** Checks all sessions that the pooler keeps. */
  async function leavesNothing(): Promise<void> {
    const clients = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
    try {
      // Each transaction that is open at the same time has a session of its own.
      for (const client of clients) await client.query('begin');
      for (const client of clients) {
        const { rows } = await client.query(`select current_setting('statement_timeout') as statement,
          current_setting('lock_timeout') as lock, (select count(*)::int from pg_listening_channels()) as channels,
          (select count(*)::int from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') as locks`);
        expect(rows).toEqual([{ statement: '0', lock: '0', channels: 0, locks: 0 }]);
        await client.query('rollback');
      }
    } finally {
      for (const client of clients) client.release();
    }
  }

  it('a URL without `listenUrl` is rejected at boot, with what to do', async () => {
    expect(await failureOf(stage.app({ database: bouncer.url }))).toMatchObject({
      code: 'OUTBOX_DATABASE_SETTINGS',
      message:
        'The pooler in front of the database does not pass the settings of a session on. Set `listenUrl` to a URL that ' +
        'leads to the server directly: then the outbox uses `database` as a pooler in transaction mode needs it',
    });
  });
});
