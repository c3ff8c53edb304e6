import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { Test } from '@nestjs/testing';
import { LaafficSandbox, SAMPLE_ACCOUNT } from 'laaffic-sandbox';
import { LaafficModule, SmsService } from 'nestjs-laaffic';

const SOURCE = join(__dirname, '../../libs/laaffic/src');

const page = readFileSync(join(__dirname, '../../docs/architecture.md'), 'utf8');
const [, section = ''] = /^## One send\n(.*?)^## /ms.exec(page) ?? [];
/** The files of the list, and those of the sentence after it. */
const steps = [...section.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, file]) => file!);
const [, sentence = ''] = /^They call helpers(.*)$/m.exec(section) ?? [];
const helpers = [...sentence.matchAll(/`([^`]+)`/g)].map(([, file]) => file!);

/** The source files of the module in which functions run while `action` runs. */
async function filesRunBy(action: () => Promise<unknown>): Promise<string[]> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await action();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  return result
    .filter(({ url, functions }) => url.includes(SOURCE) && functions.some(({ ranges }) => ranges[0]!.count > 0))
    .map(({ url }) => relative(SOURCE, url.replace('file://', '')))
    .sort();
}

it('one send runs through the files that docs/architecture.md lists', async () => {
  const sandbox = await LaafficSandbox.start();
  const account = { ...SAMPLE_ACCOUNT, baseUrl: sandbox.url };
  const app = await Test.createTestingModule({ imports: [LaafficModule.forRoot(account)] }).compile();
  const sms = app.get(SmsService);
  const send = () => sms.send({ to: '+91 8563 21412', content: 'hello' });
  // The first one opens the connection.
  await send();

  const files = await filesRunBy(send);

  await app.close();
  await sandbox.close();
  expect(files).toEqual([...steps, ...helpers].sort());
  expect(steps.length).toBeLessThanOrEqual(16);
});

it('docs/architecture.md shows the imports of the code', async () => {
  const script = join(__dirname, '../../scripts/draw-architecture.mjs');
  const check = promisify(execFile)(process.execPath, [script, '--check'], { cwd: join(__dirname, '../..') });
  await expect(check).resolves.toMatchObject({ stderr: '' });
});
