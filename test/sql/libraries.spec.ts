import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { dumpSchema, generateModule, install, LIBRARIES, readSql } from '../../scripts/library-sql.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());

it.each(LIBRARIES)(
  'the SQL of $folder is what the generated files say: otherwise run `npm run sql`',
  async ({ folder, schema, importTypes }) => {
    const library = join(__dirname, '../..', folder);
    const read = (file: string) => readFileSync(join(library, file), 'utf8');
    const client = new Client(database.url);
    await client.connect();
    try {
      const sql = readSql(join(library, 'sql'), schema);
      await install(client, sql);
      expect(await generateModule(client, sql, importTypes)).toBe(read('src/sql/generated.ts'));
      expect(await dumpSchema(client, schema)).toBe(read('sql/schema.snapshot.sql'));
    } finally {
      await client.end();
    }
  },
);
