import { readFileSync } from 'node:fs';
import { SIGNAL_EXIT_CODES } from './exit-codes.js';
import { run } from './run.js';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
const stop = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(SIGNAL_EXIT_CODES[signal]);
    stop.abort(signal);
  });
}
// The reader of a pipe, such as `head`, may exit first.
process.stdout.on('error', () => {
  stop.abort('SIGPIPE');
});
process.stderr.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  version: manifest.version,
  stop: stop.signal,
  now: () => performance.now(),
});
// An open terminal or pipe on stdin would keep the process alive.
process.stdin.destroy();
