import { cpSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkout, workDir } from './packed.js';
import { Program } from './program.js';
import { run } from './run.js';

const ROOT = join(__dirname, '../..');
const clone = join(workDir, 'fresh-clone');

/** A clone whose dependencies are installed, but whose packages are not built. */
beforeAll(async () => {
  const notInAClone = ['node_modules', 'dist'];
  cpSync(checkout, clone, { recursive: true, filter: (path) => !notInAClone.includes(basename(path)) });
  const [from, to] = [join(ROOT, 'node_modules'), join(clone, 'node_modules')];
  mkdirSync(join(to, '.bin'), { recursive: true });
  symlinkSync('../typescript/bin/tsc', join(to, '.bin/tsc'));
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const isWorkspace = entry.isSymbolicLink();
    symlinkSync(isWorkspace ? readlinkSync(join(from, entry.name)) : join(from, entry.name), join(to, entry.name));
  }
  // Links the commands of packages as npm ci does: only if their files exist.
  await run(clone, 'npm', 'rebuild', 'laaffic-cli', 'laaffic-sandbox', '--ignore-scripts');
});
afterAll(() => Program.endAll());

async function launch(command: string, ...args: string[]) {
  const program = new Program(clone, [join(clone, 'node_modules/.bin', command), ...args]);
  return { code: await program.ended, stdout: program.printed, stderr: program.errors };
}

it('laaffic-sandbox builds itself in a fresh clone', async () => {
  expect(await launch('laaffic-sandbox', '--version')).toEqual({
    code: 0,
    stdout: '0.1.0\n',
    stderr: 'laaffic-sandbox: building laaffic-sandbox (only once)\n',
  });
});

it('laaffic builds the other packages that it needs, then runs without delay', async () => {
  const help = { code: 0, stdout: expect.stringMatching(/^laaffic: send SMS through Laaffic\n/) };
  expect(await launch('laaffic', '--help')).toEqual({
    ...help,
    stderr: 'laaffic: building nestjs-laaffic, nestjs-laaffic-outbox, laaffic-cli (only once)\n',
  });
  expect(await launch('laaffic', '--help')).toEqual({ ...help, stderr: '' });
});

it('a launcher says what to do if the build fails', async () => {
  rmSync(join(clone, 'libs/laaffic-sandbox/dist'), { recursive: true });
  rmSync(join(clone, 'libs/laaffic-sandbox/tsconfig.esm.json'));
  const { code, stdout, stderr } = await launch('laaffic-sandbox', '--version');
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /^laaffic-sandbox: cannot build laaffic-sandbox \(.*\): run npm ci, then npm run build:libs$/m,
  );
});
