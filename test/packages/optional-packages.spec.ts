import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tarballOf, workDir } from './packed.js';
import { npmInstall, run } from './run.js';

const needs = (what: string, name: string) => [
  'LAAFFIC_MISSING_PACKAGE',
  `${what} the package ${name}: npm install ${name}`,
];

it('an app without optional packages learns which one to install when it uses what needs it', async () => {
  const dir = join(workDir, 'optional-packages');
  mkdirSync(dir);
  writeFileSync(join(dir, 'package.json'), '{ "private": true }');
  await npmInstall(
    dir,
    tarballOf('nestjs-laaffic'),
    tarballOf('nestjs-laaffic-outbox'),
    tarballOf('nestjs-laaffic-verify'),
  );
  copyFileSync(join(__dirname, 'fixtures/optional-packages.mjs'), join(dir, 'program.mjs'));

  const { stdout } = await run(dir, process.execPath, 'program.mjs');

  expect(JSON.parse(stdout)).toEqual({
    // Terminus is needed for its types only.
    health: 'down',
    csv: needs('CSV files need', 'csv-parse'),
    telemetry: needs('LaafficTelemetryModule needs', '@opentelemetry/api'),
    outboxTelemetry: needs('OutboxTelemetryModule needs', '@opentelemetry/api'),
    // Its decorators run when it is imported, so Node.js names the package before any code runs.
    commands: ['ERR_MODULE_NOT_FOUND', expect.stringContaining("Cannot find package 'class-")],
    verify: 'no error',
    verifyHttp: ['ERR_MODULE_NOT_FOUND', expect.stringContaining("Cannot find package 'class-")],
  });
});
