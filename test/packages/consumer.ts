import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { tarballOf, workDir } from './packed.js';
import { npmInstall, run } from './run.js';

const packages = ['nestjs-laaffic', 'nestjs-laaffic-outbox', 'laaffic-sandbox'] as const;
const fixtures = join(__dirname, 'fixtures');

/** Makes a project of a fixture's `package.json` and the app that all share, with the packages installed. */
export async function makeConsumer(fixture: string): Promise<string> {
  const dir = join(workDir, fixture);
  for (const source of ['app', fixture]) cpSync(join(fixtures, source), dir, { recursive: true });
  await npmInstall(dir, ...packages.map(tarballOf));
  await run(dir, process.execPath, require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.app.json');
  return dir;
}

/** Installs another Node. The package named `node` needs install scripts, those for one platform do not. */
export async function installNode(version: string): Promise<string> {
  const dir = join(workDir, `node-${version}`);
  const name = `node-${process.platform}-${process.arch}`;
  mkdirSync(dir);
  await npmInstall(dir, `${name}@${version}`);
  return join(dir, 'node_modules', name, 'bin', 'node');
}
