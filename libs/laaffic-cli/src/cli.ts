#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { INTERRUPTED } from './exit-code.js';
import { run } from './run.js';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
const stop = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(INTERRUPTED[signal]);
    stop.abort(signal);
  });
}
// The reader of a pipe may leave first.
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
// Otherwise a terminal or a pipe that nobody closes would keep the process.
process.stdin.destroy();
