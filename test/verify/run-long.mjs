// npm run chaos:verify [-- part of a file's name]: the proofs about several processes, crashes, times and attacks, with all cases.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const named = process.argv.slice(2);
const files = ['test/verify/concurrency', 'test/verify/crash', 'test/verify/timing', 'test/verify/traffic/simulation'];
const wanted = named.length === 0 ? files : named.map((name) => `test/verify/.*${name}`);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/jest/bin/jest.js', '--runInBand', '--verbose', ...wanted],
  {
    cwd: resolve(import.meta.dirname, '../..'),
    env: { ...process.env, THOROUGH: '1' },
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
