import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transformSync } from '@swc/core';

const PACKAGES = {
  'nestjs-laaffic': 'laaffic',
  'nestjs-laaffic-outbox': 'laaffic-outbox',
  'nestjs-laaffic-verify': 'laaffic-verify',
};

/**
 * Compiles the packages for processes outside Jest, once in a run.
 * @param root the folder of the workspace
 * @returns the program of such a process
 */
export function compilePackages(root) {
  const target = join(tmpdir(), 'laaffic-verify-program');
  if (!existsSync(target)) compileTo(target, root);
  return join(target, 'program', 'process.mjs');
}

function compileTo(target, root) {
  const folder = mkdtempSync(join(tmpdir(), 'laaffic-compile-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [name, lib] of Object.entries(PACKAGES)) {
    const place = join(folder, 'program', 'node_modules', name);
    mkdirSync(place, { recursive: true });
    copyFileSync(join(root, 'libs', lib, 'package.json'), join(place, 'package.json'));
    compileFolder(join(root, 'libs', lib, 'src'), join(place, 'dist', 'esm'));
  }
  cpSync(join(root, 'test/verify/processes/process.mjs'), join(folder, 'program', 'process.mjs'));
  try {
    renameSync(folder, target);
  } catch (error) {
    // Another spec of the run was faster.
    if (!existsSync(target)) throw error;
    rmSync(folder, { recursive: true });
  }
}

function compileFolder(sources, target) {
  for (const name of readdirSync(sources, { recursive: true }).filter((file) => /(?<!\.spec|\.d)\.ts$/.test(file))) {
    const { code } = transformSync(readFileSync(join(sources, name), 'utf8'), {
      filename: name,
      swcrc: false,
      module: { type: 'es6' },
      jsc: {
        target: 'es2022',
        keepClassNames: true,
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
      },
    });
    const file = join(target, name.replace(/ts$/, 'js'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code);
  }
}
