import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

/** Gives this run of Jest a folder for temporary files and a database server that no other run shares. */
export default async function startRun() {
  const companion = spawn(process.execPath, [join(import.meta.dirname, 'companion.mjs')], {
    cwd: resolve(import.meta.dirname, '../..'),
    // In a group of its own, Ctrl-C does not reach it before it has cleaned up.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await Promise.race([
    once(companion.stdout, 'data'),
    once(companion, 'exit').then(([code]) => {
      throw new Error(`test/setup/companion.mjs ended with ${code}`);
    }),
  ]);
  const { temporary, databaseServer } = JSON.parse(String(line));
  process.env.TMPDIR = temporary;
  process.env.TEST_DATABASE_SERVER = databaseServer;
  globalThis.companion = companion;
}
