import { fork } from 'node:child_process';
import { once } from 'node:events';
import { median, table } from '../report.mjs';

const CASES = ['undici', 'send-bulk', 'send-loop'];
const [RECIPIENTS, REPEATS] = [1_000_000, 3];

/** A million recipients, 1,000 a request, 4 requests in flight. */
export async function bulk() {
  const gateway = fork(new URL('../gateway.mjs', import.meta.url));
  const [port] = await once(gateway, 'message');
  const results = new Map(CASES.map((name) => [name, []]));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const name of CASES) {
      const args = [name, `http://127.0.0.1:${port}/v3`, RECIPIENTS];
      const child = fork(new URL('./case.mjs', import.meta.url), args, { execArgv: ['--expose-gc'] });
      const [result] = await once(child, 'message');
      results.get(name).push(result);
    }
  }
  gateway.kill();

  const of = (name, key) => median(results.get(name).map((result) => result[key]));
  const rows = CASES.map((name) => [
    name,
    of(name, 'cpu').toFixed(2),
    (of('undici', 'cpu') / of(name, 'cpu')).toFixed(2),
    of(name, 'perSecond').toFixed(0),
    of(name, 'peak').toFixed(0),
    (of(name, 'peak') / of('undici', 'peak')).toFixed(2),
    of(name, 'heapAfterTenth').toFixed(1),
    of(name, 'heapAfterAll').toFixed(1),
    of(name, 'delay').toFixed(1),
  ]);
  const head = ['client', 'CPU µs a recipient', 'share of undici', 'recipients/s', 'peak MB', '× undici'];
  const rest = ['heap after 100,000 MB', 'after 1,000,000', 'event loop p99 ms'];
  return `${RECIPIENTS} recipients, 1,000 a request, 4 in flight (median of ${REPEATS} runs)\n\n${table([...head, ...rest], rows)}`;
}
