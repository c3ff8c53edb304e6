// Runs npm scripts side by side and shows the output of each when it ends: `node scripts/check.mjs lint typecheck`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

await Promise.all(
  process.argv.slice(2).map(async (script) => {
    const child = spawn(`npm run -s ${script} 2>&1`, { shell: true, stdio: ['ignore', 'pipe', 'inherit'] });
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    console.log(`${script}: ${code === 0 ? 'ok' : 'failed'}\n${output}`);
    if (code !== 0) process.exitCode = 1;
  }),
);
