/**
 * Compiles nestjs-embedded-postgres for processes outside Jest, which load it from the new folder `target`.
 * @param sources the folder `libs/embedded-postgres/src`
 * @param module the kind of module that they load
 * @returns the path of the entry
 */
export function compileEntry(sources: string, target: string, module: 'es6' | 'commonjs'): string;
