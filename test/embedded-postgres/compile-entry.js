import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';

/**
 * Compiles nestjs-embedded-postgres for processes outside Jest, which load it from the new folder `target`.
 * @param sources the folder `libs/embedded-postgres/src`
 * @param module the kind of module that they load
 * @returns the path of the entry
 */
export function compileEntry(sources, target, module) {
  mkdirSync(target);
  writeFileSync(join(target, 'package.json'), JSON.stringify({ type: module === 'es6' ? 'module' : 'commonjs' }));
  for (const name of readdirSync(sources).filter((file) => /(?<!\.spec)\.ts$/.test(file))) {
    const { code } = transformSync(readFileSync(join(sources, name), 'utf8'), {
      filename: name,
      swcrc: false,
      module: { type: module },
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true },
      },
    });
    writeFileSync(join(target, name.replace(/ts$/, 'js')), code);
  }
  return join(target, 'index.js');
}
