// Runs npm scripts side by side and shows the output of each when it ends: `node scripts/check.mjs lint typecheck`.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const results = await Promise.all(
  process.argv.slice(2).map(async (script) => {
    const {
      failed = false,
      stdout,
      stderr,
    } = await promisify(execFile)('npm', ['run', '-s', script], {
      maxBuffer: Infinity,
    }).catch((error) => ({ ...error, failed: true, stdout: error.stdout, stderr: error.stderr }));
    console.log(`${failed ? 'FAIL' : 'ok'} ${script}`);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    return failed;
  }),
);
process.exitCode = results.includes(true) ? 1 : 0;
