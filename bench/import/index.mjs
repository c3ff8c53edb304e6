import { fork } from 'node:child_process';
import { once } from 'node:events';
import { median, table } from '../report.mjs';

const PEERS = ['@nestjs/common', '@nestjs/axios'];
const CASES = {
  '@nestjs/common + @nestjs/axios': PEERS,
  'the same + nestjs-laaffic': [...PEERS, 'nestjs-laaffic'],
};
const REPEATS = 21;

/** The time until everything is loaded, and the heap after it. */
export async function importTime() {
  const results = Object.fromEntries(Object.keys(CASES).map((name) => [name, []]));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const [name, packages] of Object.entries(CASES)) {
      const child = fork(new URL('./case.mjs', import.meta.url), packages, { execArgv: ['--expose-gc'] });
      const [result] = await once(child, 'message');
      results[name].push(result);
    }
  }
  const of = (name, key) => median(results[name].map((result) => result[key]));
  const [base] = Object.keys(CASES);
  const rows = Object.keys(CASES).map((name) => [
    name,
    of(name, 'time').toFixed(0),
    (of(name, 'time') / of(base, 'time')).toFixed(2),
    of(name, 'heap').toFixed(1),
  ]);
  return `Loading (median of ${REPEATS} processes)\n\n${table(['packages', 'ms', 'ratio', 'heap MB'], rows)}`;
}
