import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrateOutbox } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { startDatabase, type TestDatabase } from './database.js';
import { withFunctions } from './functions.js';

const LIBRARY = join(__dirname, '../../libs/laaffic-outbox');
const read = (file: string) => readFileSync(join(LIBRARY, file), 'utf8');

describe('the SQL of the outbox', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await startDatabase();
  });
  afterAll(() => database.close());

  it('changes the state of a chunk in one file', () => {
    const changes = ['functions', 'queries'].flatMap((folder) =>
      readdirSync(join(LIBRARY, 'sql', folder)).filter((file) =>
        /update outbox\.chunk\b[^;]*?\bset\b(?:(?!\bwhere\b|\bfrom\b)[^;])*?\bstate = /s.test(
          read(join('sql', folder, file)),
        ),
      ),
    );
    expect(changes).toEqual(['transition.sql']);
  });

  it('makes every legal change of a chunk, and no other', async () => {
    const pool = new Pool({ connectionString: database.url, max: 1 });
    try {
      await migrateOutbox(pool);
      await pool.query(`set search_path to laaffic_outbox; insert into account (id) values ('a')`);
      await pool.query(
        withFunctions(`create function try_change(p_event text, p_from chunk_state, p_to chunk_state) returns text language plpgsql as $$
        declare
          c chunk;
        begin
          insert into chunk (account, lane, size, numbers, state) values ('a', 'bulk', 1, '1', p_from) returning * into c;
          c.state := p_to;
          c := transition(c, p_event, 'test');
          return (select format('%s %s %s', state, event, actor) from chunk w join history h on h.chunk_id = w.id where w.id = c.id);
        exception when data_exception then
          return null;
        end $$`),
      );
      const { rows } = await pool.query<{
        event: string;
        from: string;
        to: string;
        legal: boolean;
        made: string | null;
      }>(
        withFunctions(`select e.event, f as from, t as to, made,
            f = any (e.from_states) and t = any (e.to_states) and (e.event not in ('confirmed', 'contradicted') or t = f or t = 'completed' and f in ('unknown', 'held', 'abandoned')) as legal
          from legal_transitions() e, unnest(enum_range(null::chunk_state)) f, unnest(enum_range(null::chunk_state)) t,
            lateral try_change(e.event, f, t) made`),
      );
      expect(rows).toHaveLength(14 * 9 * 9);
      const expected = rows.map(({ event, to, legal }) => (legal ? `${to} ${event} test` : null));
      expect(rows.map(({ made }) => made)).toEqual(expected);
      const unheardOf = await pool.query(`select try_change('guessed', 'pending', 'sending') as made`);
      expect(unheardOf.rows).toEqual([{ made: null }]);
      // Nothing leads out of these.
      const ends = ['cancelled', 'split'];
      expect(rows.filter(({ from, to, legal }) => legal && ends.includes(from) && to !== from)).toEqual([]);
    } finally {
      await pool.end();
    }
  });
});
