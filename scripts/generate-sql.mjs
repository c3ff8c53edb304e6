// Writes what is generated from the SQL of the outbox: `npm run sql`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { dumpSchema, generateModule, install, readSql } from './outbox-sql.js';

const root = join(import.meta.dirname, '..');
const library = join(root, 'libs/laaffic-outbox');
// The server of the tests. It ends with its input.
const companion = spawn(process.execPath, [join(root, 'test/setup/companion.mjs')], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = await once(createInterface(companion.stdout), 'line');
const url = await (await fetch(JSON.parse(line).databaseServer)).text();
const client = new pg.Client(url);
await client.connect();
try {
  const sql = readSql(join(library, 'sql'));
  await install(client, sql);
  writeFileSync(join(library, 'src/sql/generated.ts'), await generateModule(client, sql));
  writeFileSync(join(library, 'sql/schema.snapshot.sql'), await dumpSchema(client));
} finally {
  await client.end();
  companion.stdin.end();
}
