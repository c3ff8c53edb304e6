import { readFileSync } from 'node:fs';
import { run } from './cli/run.js';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const stop = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stop.abort();
  });
}
// The reader of a pipe may leave first.
process.stdout.on('error', () => {
  stop.abort();
});

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  stop: stop.signal,
  version: manifest.version,
});
