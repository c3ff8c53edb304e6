// Builds packages of the workspace for the launchers of its commands, which npm links before anything is built.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
/** A file that exists when a package is built. */
const BUILT_FILES = {
  'nestjs-laaffic': 'libs/laaffic/dist/cjs/package.json',
  'nestjs-laaffic-outbox': 'libs/laaffic-outbox/dist/cjs/package.json',
  'laaffic-sandbox': 'libs/laaffic-sandbox/dist/cjs/package.json',
  'laaffic-cli': 'libs/laaffic-cli/dist/cli.js',
};

/**
 * Builds the packages that are not built yet, in the given order. A built package is left alone, because its build would
 * first remove the dist that another command may be running from. Exits the process with 1 if a build fails.
 */
export function buildPackages(command, names) {
  const missing = names.filter((name) => !existsSync(join(ROOT, BUILT_FILES[name])));
  process.stderr.write(`${command}: building ${missing.join(', ')} (only once)\n`);
  for (const name of missing) build(command, name);
}

function build(command, name) {
  try {
    const isWindows = process.platform === 'win32';
    // Stdout is for the results of the command.
    execFileSync('npm', ['run', '-s', 'build', '-w', name], { cwd: ROOT, stdio: ['ignore', 2, 2], shell: isWindows });
  } catch (error) {
    process.stderr.write(`${command}: cannot build ${name} (${error.message}): run npm ci, then npm run build:libs\n`);
    process.exit(1);
  }
}
