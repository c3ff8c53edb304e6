// Other vendors' clients, which the packages do not need: installed here by the first bench that wants them.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const versionOf = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version;

export function installPeers() {
  const { dependencies } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
  const isThere = (name) => existsSync(new URL(`./node_modules/${name}`, import.meta.url));
  if (!Object.keys(dependencies).every(isThere)) {
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', args, { cwd: import.meta.dirname, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  // The cases here find this axios before that of the workspace.
  const [ours, theirs] = ['./node_modules/axios/package.json', '../node_modules/axios/package.json'].map(versionOf);
  if (ours !== theirs) throw new Error(`bench/package.json has axios ${ours}, the workspace ${theirs}`);
}
