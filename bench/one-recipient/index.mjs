import { fork } from 'node:child_process';
import { once } from 'node:events';
import { median, table } from '../report.mjs';

const CASES = ['undici', 'nestjs-laaffic', 'axios', 'plain-nestjs-axios'];
const [ROUNDS, SENDS, REPEATS] = [3, 15_000, 3];

/** One recipient a call, 64 calls in flight. */
export async function oneRecipient() {
  const gateway = fork(new URL('../gateway.mjs', import.meta.url));
  const [port] = await once(gateway, 'message');
  const results = new Map(CASES.map((name) => [name, []]));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const name of CASES) {
      const child = fork(new URL('./case.mjs', import.meta.url), [name, `http://127.0.0.1:${port}/v3`, ROUNDS, SENDS]);
      const [rounds] = await once(child, 'message');
      results.get(name).push(...rounds);
    }
  }
  gateway.kill();

  const cpu = (name) => median(results.get(name).map((round) => round.cpu));
  const rows = CASES.map((name) => [
    name,
    cpu(name).toFixed(0),
    (cpu(name) / cpu('undici')).toFixed(2),
    (cpu(name) / cpu('plain-nestjs-axios')).toFixed(2),
    median(results.get(name).map((round) => round.perSecond)).toFixed(0),
  ]);
  return `One recipient a call, 64 in flight (median of ${ROUNDS * REPEATS} rounds of ${SENDS})\n\n${table(
    ['client', 'CPU µs a send', '× undici', '× plain @nestjs/axios', 'sends/s'],
    rows,
  )}`;
}
