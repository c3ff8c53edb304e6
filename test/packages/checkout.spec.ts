import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, workDir } from './packed.js';
import { run } from './run.js';

/** The block of README.md that installs the package from a checkout. */
const [, printed = ''] =
  /^```sh\n(npm ci && npm pack --workspace [^`]+)```$/m.exec(readFileSync(join(checkout, 'README.md'), 'utf8')) ?? [];

it('an app uses the package from a checkout as README.md says', async () => {
  const home = mkdtempSync(join(workDir, 'checkout-'));
  const app = join(home, 'your-app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "name": "your-app", "type": "module" }');
  // The checkout of this run is installed already, and packs into a folder of this test.
  const commands = printed.replace('npm ci && ', '').replaceAll('/tmp', home).replace('cd your-app', `cd ${app}`);
  expect(commands.split('\n')).toHaveLength(3);

  await run(checkout, 'sh', '-ec', commands);
  const program = "import('nestjs-laaffic').then(({ SmsService }) => console.log(SmsService.name))";
  expect((await run(app, process.execPath, '-e', program)).stdout).toBe('SmsService\n');
});
