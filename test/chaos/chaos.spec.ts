import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const names = [...readFileSync(join(__dirname, 'scenarios.mjs'), 'utf8').matchAll(/^ {2}'(.+)': \{/gm)].map(
  ([, name]) => name!,
);

interface Result {
  readonly problems: readonly string[];
  readonly kills: { readonly workers: number; readonly database: number; readonly freezes: number };
}

/** Runs one scenario in its small size, in its own processes. */
async function run(name: string): Promise<Result> {
  const args = [join(__dirname, 'run.mjs'), '--small', '--json', name];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 170_000 }).catch(
    // A scenario with problems exits with 1, and still reports them.
    (error: unknown) => error as { stdout: string },
  );
  return JSON.parse(stdout) as Result;
}

describe('the outbox under chaos loses nothing and doubles nothing', () => {
  it('has scenarios', () => {
    expect(names.length).toBeGreaterThan(5);
  });

  it.each(names)('%s', async (name) => {
    const { problems, kills } = await run(name);
    expect({ problems, kills }).toEqual({ problems: [], kills: expectedKills(name) });
  });
});

/** A scenario proves nothing if its faults did not happen. */
function expectedKills(name: string): Result['kills'] {
  if (name.includes('killed') && !name.includes('no process')) return { workers: 8, database: 2, freezes: 0 };
  return { workers: 0, database: 0, freezes: name.includes('frozen') ? 3 : 0 };
}
