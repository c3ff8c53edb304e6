import { Secrets } from './secrets.js';

const RIGHT = 'kQ3v9sXw2LpZ7tRb';

describe('Secrets', () => {
  it('include each of the list and nothing else', () => {
    const secrets = new Secrets([RIGHT, 'second-secret-16']);
    const given = [RIGHT, 'second-secret-16', '', RIGHT.slice(0, -1), `${RIGHT}x`, RIGHT.toLowerCase()];
    expect(given.map((secret) => secrets.include(secret))).toEqual([true, true, false, false, false, false]);
  });

  it('take no longer the more characters are right', () => {
    const secrets = new Secrets([RIGHT, 'second-secret-16']);
    // As long as the right one, with 0, 8, 15 and all characters right.
    const candidates = [0, 8, 15, 16].map((right) => RIGHT.slice(0, right).padEnd(16, '#'));
    const times = candidates.map(() => [] as number[]);
    for (let round = 0; round < 400; round++) {
      candidates.forEach((candidate, index) => {
        const start = process.hrtime.bigint();
        for (let call = 0; call < 20; call++) secrets.include(candidate);
        times[index]!.push(Number(process.hrtime.bigint() - start));
      });
    }
    const medians = times.map((list) => list.sort((a, b) => a - b)[list.length / 2]!);
    expect(Math.max(...medians) / Math.min(...medians)).toBeLessThan(1.5);
  });
});
