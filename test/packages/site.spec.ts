import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, packageDir } from './packed.js';
import { run } from './run.js';

const site = join(checkout, 'docs/.vitepress/dist');

const entries = (
  [
    'nestjs-laaffic',
    'nestjs-laaffic-outbox',
    'nestjs-laaffic-verify',
    'nestjs-embedded-postgres',
    'laaffic-sandbox',
  ] as const
).flatMap((name) => {
  const { exports } = JSON.parse(readFileSync(join(packageDir(name), 'package.json'), 'utf8')) as { exports: object };
  return Object.keys(exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => join(name, entry));
});

/** The build fails on links to pages and files that do not exist. */
it('the site has the guide, and the API of every entry under the name that is imported', async () => {
  rmSync(site, { recursive: true, force: true });

  await run(checkout, 'npm', 'run', '--silent', 'docs');

  expect(existsSync(join(site, 'getting-started.html'))).toBe(true);
  const listed = readFileSync(join(site, 'api/index.html'), 'utf8');
  expect(entries.length).toBeGreaterThan(10);
  for (const entry of entries) expect(listed).toContain(`>${entry}</a>`);
});
