import { LaafficSandbox } from 'laaffic-sandbox';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { Client, Pool } from 'pg';
import { cases } from '../cases.js';
import { startApp } from './app.js';
import { startDatabase } from './database.js';
import { until } from '../until.js';

const PRODUCERS = 20;
const MESSAGES = cases(500, 60);

/** The same pseudo-random numbers from 0 to 1 each time. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/**
 * Enqueues in transactions of one to five messages, and rolls about a third of them back.
 * @returns the committed messages.
 */
async function produce(outbox: SmsOutbox, url: string, producer: number): Promise<string[]> {
  const next = numbersFrom(producer + 1);
  const client = new Client(url);
  await client.connect();
  const committed: string[] = [];
  for (let made = 0; made < MESSAGES;) {
    const size = Math.min(1 + Math.floor(next() * 5), MESSAGES - made);
    const contents = Array.from({ length: size }, (_, i) => `${producer}/${made + i}`);
    await client.query('begin');
    for (const content of contents) {
      await outbox.enqueue({ to: '918563210001', content }, { transaction: client });
    }
    const commits = next() > 1 / 3;
    await client.query(commits ? 'commit' : 'rollback');
    if (commits) committed.push(...contents);
    made += size;
  }
  await client.end();
  return committed;
}

it('the outbox sends what twenty busy producers committed, each message once, and nothing else', async () => {
  const database = await startDatabase();
  const sandbox = await LaafficSandbox.start();
  const app = await startApp(sandbox, { database: database.url });
  const outbox = app.get(SmsOutbox);
  const producers = Array.from({ length: PRODUCERS }, (_, producer) => produce(outbox, database.url, producer));
  const committed = (await Promise.all(producers)).flat();

  const pool = new Pool({ connectionString: database.url });
  const isDone = async () => {
    const { rows } = await pool.query(`select from laaffic_outbox.chunk where state in ('pending', 'sending') limit 1`);
    return rows.length === 0;
  };
  await until(isDone);
  const { rows } = await pool.query('select state::text, count(*)::int from laaffic_outbox.chunk group by state');
  await pool.end();
  await app.close();
  const sent = sandbox.messages.map(({ content }) => content);
  await sandbox.close();
  await database.close();

  expect(committed.length).toBeGreaterThan((PRODUCERS * MESSAGES) / 2);
  expect(committed.length).toBeLessThan((PRODUCERS * MESSAGES * 5) / 6);
  expect(sent.sort()).toEqual(committed.sort());
  expect(rows).toEqual([{ state: 'completed', count: committed.length }]);
});
