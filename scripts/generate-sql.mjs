// Writes what is generated from the SQL of the libraries: `npm run sql`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { dumpSchema, generateModule, install, LIBRARIES, readSql } from './library-sql.js';

const root = join(import.meta.dirname, '..');
// The server of the tests. It ends with its input.
const companion = spawn(process.execPath, [join(root, 'test/setup/companion.mjs')], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = await once(createInterface(companion.stdout), 'line');
const client = new pg.Client(await (await fetch(JSON.parse(line).databaseServer)).text());
await client.connect();
try {
  for (const { folder, schema, importTypes } of LIBRARIES) {
    const library = join(root, folder);
    const sql = readSql(join(library, 'sql'), schema);
    await install(client, sql);
    writeFileSync(join(library, 'src/sql/generated.ts'), await generateModule(client, sql, importTypes));
    writeFileSync(join(library, 'sql/schema.snapshot.sql'), await dumpSchema(client, schema));
  }
} finally {
  await client.end();
  companion.stdin.end();
}
