import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import startRun from '../setup/start-run.mjs';

const root = resolve(import.meta.dirname, '../..');
const notInAClone = ['.git', 'node_modules', 'dist', 'coverage', '.data'];

/** Packs all packages in a copy of the sources, so that nothing built earlier can get into them. */
export default async function pack() {
  await startRun();
  const dir = mkdtempSync(join(tmpdir(), 'packed-packages-'));
  // For root, PostgreSQL runs as another user, who has to enter: or its data would be elsewhere, and stay there.
  chmodSync(dir, 0o755);
  const [checkout, tarballs] = [join(dir, 'checkout'), join(dir, 'tarballs')];
  process.env.PACKED_PACKAGES = dir;
  cpSync(root, checkout, { recursive: true, filter: (path) => !notInAClone.includes(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'), 'junction');
  mkdirSync(tarballs);
  const packOne = (name) =>
    promisify(execFile)('npm', ['pack', '-w', name, '--pack-destination', tarballs], { cwd: checkout }).catch(
      ({ message, stdout }) => Promise.reject(new Error(`${message}\n${stdout}`)),
    );
  await Promise.all([packOne('nestjs-laaffic'), packOne('laaffic-sandbox'), packOne('nestjs-embedded-postgres')]);
  // They are compiled against the declarations of those before them.
  await packOne('nestjs-laaffic-outbox');
  await packOne('nestjs-laaffic-verify');
  await packOne('laaffic-cli');
}
