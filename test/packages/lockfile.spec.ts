import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkout, workDir } from './packed.js';
import { run } from './run.js';

describe.each(['10', '11', '12'])('npm ci of npm %s', (version) => {
  it('accepts the lockfile, and rejects it without one of its packages', async () => {
    const whole = clone(`npm-${version}-whole`);
    const lacking = clone(`npm-${version}-lacking`);
    removeFromLock(lacking, 'node_modules/undici');

    const [accepted, rejected] = await Promise.allSettled([ci(version, whole), ci(version, lacking)]);

    expect(accepted).toEqual({ status: 'fulfilled', value: expect.anything() });
    expect(rejected).toEqual({
      status: 'rejected',
      reason: expect.objectContaining({ message: expect.stringMatching(/Missing: undici@\S+ from lock file/) }),
    });
  });
});

function ci(version: string, cwd: string) {
  return run(cwd, 'npx', '--yes', `npm@${version}`, 'ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund');
}

function clone(name: string): string {
  const dir = join(workDir, name);
  cpSync(checkout, dir, { recursive: true, filter: (path) => !['node_modules', 'dist'].includes(basename(path)) });
  return dir;
}

function removeFromLock(dir: string, path: string): void {
  const file = join(dir, 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, unknown> };
  expect(Object.keys(lock.packages)).toContain(path);
  Reflect.deleteProperty(lock.packages, path);
  writeFileSync(file, JSON.stringify(lock));
}
