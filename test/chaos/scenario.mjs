import 'reflect-metadata';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SAMPLE_ACCOUNT } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule, SmsCampaigns, SmsOutbox } from 'nestjs-laaffic-outbox';
import { EmbeddedPostgres } from 'nestjs-embedded-postgres';
import pg from 'pg';
import { busiestSecond } from './busiest-second.mjs';

const here = import.meta.dirname;
const [RECOUNT, RECOUNT_COSTS] = ['recount', 'recount-costs'].map((check) =>
  readFileSync(join(here, `../../libs/laaffic-outbox/sql/checks/${check}.sql`), 'utf8').replaceAll(
    'outbox.',
    'laaffic_outbox.',
  ),
);
/**
 * The recipients of the campaign, the committed single messages, those that are rolled back, and another caller's
 * lists.
 */
const [CAMPAIGN, KEPT, LOST, LISTED] = ['9181', '9182', '9183', '9184'];
/** Recipients in one list of the other caller, and milliseconds between two lists. */
const LIST = { size: 1_000, every: 400 };
const SIGNALS = ['SIGINT', 'SIGTERM'];

/** The defaults of a scenario. */
export const DEFAULTS = {
  recipients: 100_000,
  workers: 3,
  rate: 25_000,
  workerKills: 0,
  databaseKills: 0,
  /** Steps at which workers stop themselves once, in the order of the workers. */
  freeze: [],
  skew: 0,
  blind: false,
  latency: [30, 100],
  faults: { 'cut-before-reading': 0.04, 'cut-after-accepting': 0.04, late: 0.01 },
  /** One number in a hundred. */
  rejected: '^9181.*77$',
  timing: { startWithinMs: 600, timeoutMs: 1_000, leaseMs: 2_500, reportsAfterMs: false },
  gracePeriodMs: 12_000,
  lookupIntervalMs: 3_000,
  longest: 240_000,
};

/**
 * Runs workers against a failing gateway, kills them, and compares the gateway's records with the outbox.
 * @returns figures; `problems` is empty if every promise was kept.
 */
export async function runScenario(options, log = () => undefined) {
  const plan = { ...DEFAULTS, ...options };
  const folder = mkdtempSync(join(tmpdir(), 'laaffic-chaos-'));
  const cleanUp = [() => rmSync(folder, { recursive: true, force: true })];
  const scenario = new Scenario(plan, folder, cleanUp, log);
  const end = async () => {
    scenario.stop();
    for (const step of cleanUp.splice(0).reverse()) await step();
  };
  const breakOff = () => void end().finally(() => process.exit(1));
  for (const signal of SIGNALS) process.once(signal, breakOff);
  try {
    return await scenario.run();
  } finally {
    await end();
    for (const signal of SIGNALS) process.off(signal, breakOff);
  }
}

class Scenario {
  #workers = [];
  #isOver = false;
  #isStreaming = true;
  /** Workers that have started, and when the first one had. */
  #ready = new Set();
  #firstReady;
  #kills = { workers: 0, database: 0, freezes: 0 };
  /** Logs of workers that are neither killed nor frozen. */
  #sends = [];

  constructor(plan, folder, cleanUp, log) {
    Object.assign(this, { plan, folder, cleanUp, log });
  }

  async run() {
    const { plan } = this;
    await this.#startDatabase();
    await this.#startGateway();
    const producer = await this.#startProducer();
    const started = performance.now();
    const campaign = await producer.campaigns.create({
      name: 'chaos',
      content: 'Sale',
      recipients: numbers(CAMPAIGN, plan.recipients),
      sendAt: 'now',
    });
    this.log(`${plan.recipients} recipients stored in ${seconds(started)}`);
    const began = performance.now();
    for (let i = 0; i < plan.workers; i++) this.#startWorker(i);
    const stream = this.#enqueueTransactions(producer.outbox);
    const lists = this.#enqueueLists(producer.outbox);
    const held = this.#holdTransactionOpen(producer.outbox);
    const chaos = [this.#killWorkers(), this.#killDatabase(), this.#stopGateway()];
    const [stored, sent, listed, isHeld] = await Promise.all([this.#untilDone(campaign.id), stream, lists, held]);
    const took = (performance.now() - began) / 1000;
    this.#isOver = true;
    await Promise.all(chaos);
    return this.#judge(stored, { ...sent, listed, isHeld }, took);
  }

  /** Starts no more workers. */
  stop() {
    this.#isOver = true;
    this.#isStreaming = false;
  }

  get #isUndisturbed() {
    const { workerKills, databaseKills, freeze, gatewayDown } = this.plan;
    return workerKills === 0 && databaseKills === 0 && freeze.length === 0 && gatewayDown === undefined;
  }

  async #startDatabase() {
    // The server of root runs as another user, who must reach the folder.
    chmodSync(this.folder, 0o755);
    const dataDir = join(this.folder, 'postgres');
    const held = [];
    this.restartDatabase = async () => {
      const port = this.port && { port: this.port };
      held.push(await EmbeddedPostgres.start({ dataDir, settings: { max_connections: '200', ...port } }));
      return held.at(-1);
    };
    this.cleanUp.push(async () => {
      for (const server of held) await server.close();
    });
    this.url = (await this.restartDatabase()).url;
    this.port = new URL(this.url).port;
    this.pool = new pg.Pool({ connectionString: this.url, max: 5 });
    this.pool.on('error', () => undefined);
    this.cleanUp.push(() => this.pool.end());
  }

  async #startGateway() {
    const { latency, faults, rejected, blind } = this.plan;
    this.gateway = fork(join(here, 'gateway.mjs'), [JSON.stringify({ latency, faults, rejected, blind })]);
    this.cleanUp.push(() => this.gateway.kill('SIGKILL'));
    this.gatewayUrl = (await this.#ask({ ask: 'url' })).url;
  }

  async #ask(question) {
    const died = once(this.gateway, 'exit').then(() => Promise.reject(new Error('The gateway died')));
    died.catch(() => undefined);
    this.gateway.send(question);
    const [answer] = await Promise.race([once(this.gateway, 'message'), died]);
    return answer;
  }

  async #startProducer() {
    class Producer {}
    Module({
      imports: [
        LaafficModule.forRoot({
          ...SAMPLE_ACCOUNT,
          baseUrl: this.gatewayUrl,
          isGlobal: true,
        }),
        LaafficOutboxModule.forRoot({ database: this.url, worker: false }),
      ],
    })(Producer);
    const app = await NestFactory.createApplicationContext(Producer, { logger: false });
    this.cleanUp.push(() => app.close());
    return { outbox: app.get(SmsOutbox), campaigns: app.get(SmsCampaigns) };
  }

  #startWorker(index, isFirst = true) {
    const { plan } = this;
    const { rate, gracePeriodMs, lookupIntervalMs } = plan;
    const timing = { ...plan.timing, gracePeriodMs, lookupIntervalMs };
    const outbox = { timing, migrate: false, ...(rate && { rate: { recipientsPerSecond: rate } }) };
    const skew = index === 0 ? plan.skew : 0;
    const freeze = isFirst ? plan.freeze[index] : undefined;
    const tellsSends = this.#isUndisturbed;
    const settings = { database: this.url, gateway: this.gatewayUrl, outbox, skew, freeze, freezeAfter: 3, tellsSends };
    const child = spawn(process.execPath, [join(here, 'worker.mjs'), JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#workers[index] = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [word, when, count] = line.split(' ');
      if (word === 'ready') {
        this.#ready.add(child);
        this.#firstReady ??= new Date();
      }
      if (word === 'frozen') void this.#thaw(child);
      if (word === 'sent') this.#sends.push([Number(when), Number(count)]);
    });
    child.on('exit', () => {
      if (!this.#isOver) this.#startWorker(index, false);
    });
    if (isFirst) this.cleanUp.push(() => void this.#workers[index].kill('SIGKILL'));
  }

  /** Long after other workers have decided about its messages. */
  async #thaw(child) {
    this.#kills.freezes++;
    await wait(this.plan.timing.leaseMs + 3_000);
    child.kill('SIGCONT');
  }

  async #killWorkers() {
    const { workerKills } = this.plan;
    while (this.#kills.workers < workerKills && !this.#isOver) {
      await wait(175 + Math.random() * 350);
      // Killing a worker that is still starting proves nothing.
      const ready = this.#workers.filter((worker) => this.#ready.has(worker));
      const worker = ready[Math.floor(Math.random() * ready.length)];
      if (worker?.kill('SIGKILL')) this.#kills.workers++;
    }
  }

  async #killDatabase() {
    const { databaseKills } = this.plan;
    while (this.#kills.database < databaseKills && !this.#isOver) {
      await wait(2_500 + Math.random() * 2_500);
      const { rows } = await this.pool.query('show data_directory').catch(() => ({ rows: [] }));
      if (rows.length === 0) continue;
      process.kill(
        Number(readFileSync(join(rows[0].data_directory, 'postmaster.pid'), 'utf8').split('\n')[0]),
        'SIGKILL',
      );
      this.#kills.database++;
      await wait(700);
      await this.restartDatabase();
    }
  }

  async #stopGateway() {
    const { gatewayDown } = this.plan;
    if (gatewayDown === undefined) return;
    await wait(1_000);
    this.gateway.kill('SIGSTOP');
    await wait(gatewayDown);
    this.gateway.kill('SIGCONT');
  }

  /** Single messages in transactions of an app. Every second transaction is rolled back. */
  async #enqueueTransactions(outbox) {
    let [kept, lost] = [0, 0];
    const unsure = [];
    while (this.#isStreaming) {
      const isKept = (kept + lost) % 2 === 0;
      const number = isKept ? numberOf(KEPT, kept++) : numberOf(LOST, lost++);
      try {
        const client = await this.#connect();
        try {
          await client.query('begin');
          await outbox.enqueue({ to: number, content: 'Your code' }, { transaction: client });
          await client.query(isKept ? 'commit' : 'rollback');
        } finally {
          client.release(true);
        }
      } catch {
        // Only the outbox knows whether it was committed.
        if (isKept) unsure.push(number);
        await wait(100);
      }
      await wait(20);
    }
    return { kept, lost, unsure };
  }

  /** A second caller, who fills the lane of the single messages with lists. */
  async #enqueueLists(outbox) {
    let count = 0;
    while (this.#isStreaming && count < this.plan.recipients / 5) {
      const to = Array.from({ length: LIST.size }, (_, i) => numberOf(LISTED, count + i));
      try {
        await outbox.enqueue({ to, content: 'Hello all' }, { idempotencyKey: `list ${count}` });
        count += LIST.size;
      } catch {
        // Retries with the same key until the message is known to be stored, which happens once.
        await wait(100);
      }
      await wait(LIST.every);
    }
    return count;
  }

  /**
   * A transaction of an app that has enqueued and stays open while anything is sent. It starts again whenever the
   * database is killed, and is rolled back.
   * @returns whether one was open when everything had been sent.
   */
  async #holdTransactionOpen(outbox) {
    while (this.#isStreaming) {
      let client;
      try {
        client = await this.#connect();
        await client.query('begin');
        await outbox.enqueue({ to: numberOf(LOST, 9_999_999), content: 'never' }, { transaction: client });
        while (this.#isStreaming) {
          await client.query('select 1');
          await wait(250);
        }
        await client.query('rollback');
        return true;
      } catch {
        await wait(250);
      } finally {
        client?.release(true);
      }
    }
    return false;
  }

  /** Listens from the start: a connection may break before a promise can report it. */
  #connect() {
    return new Promise((resolve, reject) => {
      this.pool.connect((error, client) => {
        client?.on('error', () => undefined);
        if (error) reject(error);
        else resolve(client);
      });
    });
  }

  async #untilDone(id) {
    const deadline = performance.now() + this.plan.longest;
    for (;;) {
      await wait(500);
      const rows = await this.#counts(id).catch(() => undefined);
      const singles = await this.#committed().catch(() => undefined);
      if (rows !== undefined && singles !== undefined) {
        const open = ['pending', 'sending', 'unknown'].reduce((sum, state) => sum + (rows[state] ?? 0), 0);
        const isOpen = open + singles.open + ((await this.#listed().catch(() => undefined))?.open ?? 1) > 0;
        this.log(`  ${JSON.stringify(rows)} ${JSON.stringify(singles)} ${JSON.stringify(this.#kills)}`);
        // The last messages may not be counted yet.
        const hasEnded = !this.#isStreaming;
        this.#isStreaming &&= open > 0;
        if (!isOpen && hasEnded) return rows;
      }
      if (performance.now() > deadline) {
        this.#isStreaming = false;
        return rows ?? {};
      }
    }
  }

  /** Recipients of the campaign by their state in the outbox. */
  async #counts(id) {
    const { rows } = await this.pool.query(
      `select sum(accepted)::int as accepted, sum(rejected)::int as rejected, sum(held)::int as held, sum(unknown)::int as unknown,
        coalesce(sum(size) filter (where state = 'pending'), 0)::int as pending,
        coalesce(sum(size) filter (where state = 'sending'), 0)::int as sending
      from laaffic_outbox.chunk where campaign_id = $1`,
      [id],
    );
    return Object.fromEntries(Object.entries(rows[0]).filter(([, count]) => count > 0));
  }

  async #judge(stored, sent, took) {
    const { plan } = this;
    const { recipients, rate } = plan;
    const committed = await this.#committed();
    const verdict = await this.#ask({
      ask: 'verdict',
      ranges: [
        { prefix: CAMPAIGN, from: 0, to: recipients },
        { prefix: KEPT, from: 0, to: sent.kept },
        { prefix: LOST, from: 0, to: sent.lost },
        { prefix: LOST, from: 9_999_999, to: 10_000_000 },
        { prefix: LISTED, from: 0, to: sent.listed + LIST.size },
      ],
    });
    const [campaign, kept, lost, never, listed] = verdict.found;
    const lists = await this.#listed();
    const { accepted = 0, rejected = 0, held = 0, ...open } = stored;
    const wrong = await this.pool.query(RECOUNT);
    const wrongCosts = await this.pool.query(RECOUNT_COSTS);
    const messages = await this.pool.query(
      `select count(*)::int as rows, count(distinct (chunk_id, slot))::int as places from laaffic_outbox.recipient
        where state in ('accepted', 'delivered', 'failed')`,
    );
    const problems = [];
    const must = (isTrue, problem) => isTrue || problems.push(problem);
    must(verdict.doubled === 0, `${verdict.doubled} doubled at the gateway`);
    must(accepted + rejected + held === recipients, `outbox: ${accepted} + ${rejected} + ${held} is not ${recipients}`);
    must(Object.keys(open).length === 0, `outbox: still open ${JSON.stringify(open)}`);
    must(campaign.there >= accepted, `the outbox says ${accepted} accepted, the gateway has ${campaign.there}`);
    must(campaign.there <= accepted + held, `${campaign.there} at the gateway, ${accepted} accepted and ${held} held`);
    must(plan.blind || campaign.there === accepted, `${campaign.there - accepted} proofs were missed`);
    must(lost.there + never.there === 0, `${lost.there + never.there} of rolled-back transactions were sent`);
    must(plan.databaseKills > 0 || sent.isHeld, 'no transaction was held open');
    must(lists.open === 0, `lists: ${lists.open} still open`);
    must(
      lists.total >= sent.listed && lists.accepted + lists.held + lists.rejected === lists.total,
      `lists: ${JSON.stringify(lists)} is not ${sent.listed}`,
    );
    must(
      listed.there >= lists.accepted && listed.there <= lists.accepted + lists.held,
      `lists: ${JSON.stringify(lists)}, ${listed.there} at the gateway`,
    );
    // Lists of the same lane may delay a single message by one request, but never by each other.
    must(
      !this.#isUndisturbed || committed.longestWait < 3,
      `a single message waited ${committed.longestWait} s beside lists of the same lane`,
    );
    must(kept.there <= committed.total, `${kept.there} single messages sent, ${committed.total} committed`);
    must(
      kept.there >= committed.accepted,
      `${committed.accepted} single messages accepted, ${kept.there} at the gateway`,
    );
    must(committed.open === 0, `${committed.open} single messages still open`);
    // According to the workers: the gateway, one process for everything, sometimes stands still and then accepts at
    // once what has waited.
    const most = this.#isUndisturbed ? busiestSecond(this.#sends) : verdict.busiestSecond;
    must(!this.#isUndisturbed || (most > 0 && most <= 1.1 * rate), `${most} in a second at a rate of ${rate}`);
    must(messages.rows[0].rows === messages.rows[0].places, 'a place in the outbox is taken twice');
    must(wrong.rows.length === 0, `counts differ from a recount: ${JSON.stringify(wrong.rows.slice(0, 3))}`);
    must(wrongCosts.rows.length === 0, `costs differ from a recount: ${JSON.stringify(wrongCosts.rows.slice(0, 3))}`);
    return {
      seconds: Math.round(took * 10) / 10,
      perSecond: Math.round(recipients / took),
      gateway: { distinct: verdict.distinct, doubled: verdict.doubled },
      outbox: { accepted, rejected, held },
      single: { ...committed, rolledBack: sent.lost, unsure: sent.unsure.length },
      lists,
      busiestSecond: most,
      atTheGateway: verdict.busiestSecond,
      overRate: rate && Math.round((most / rate - 1) * 1000) / 10,
      kills: this.#kills,
      problems,
    };
  }

  async #committed() {
    const { rows } = await this.pool.query(
      `select count(*)::int as total, count(*) filter (where state = 'completed')::int as accepted,
        count(*) filter (where state in ('pending', 'sending', 'unknown'))::int as open,
        count(*) filter (where state = 'held')::int as held,
        coalesce(max(extract(epoch from sent_at - greatest(created_at, $1))), 0)::float8 as "longestWait"
        from laaffic_outbox.chunk where campaign_id is null and numbers like '${KEPT}%'`,
      [this.#firstReady],
    );
    return rows[0];
  }

  /** The other caller's recipients by their state in the outbox. */
  async #listed() {
    const { rows } = await this.pool.query(
      `select coalesce(sum(size), 0)::int as total, coalesce(sum(accepted), 0)::int as accepted,
        coalesce(sum(rejected), 0)::int as rejected,
        coalesce(sum(held), 0)::int as held,
        coalesce(sum(size) filter (where state in ('pending', 'sending', 'unknown')), 0)::int as open
        from laaffic_outbox.chunk where campaign_id is null and numbers like '%${LISTED}%'`,
    );
    return rows[0];
  }
}

function* numbers(prefix, count) {
  for (let i = 0; i < count; i++) yield numberOf(prefix, i);
}

function numberOf(prefix, index) {
  return prefix + String(index).padStart(7, '0');
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
