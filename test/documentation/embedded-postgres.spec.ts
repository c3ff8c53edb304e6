import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = join(__dirname, '../../libs/embedded-postgres');
const read = (file: string) => readFileSync(join(PACKAGE, file), 'utf8');

/** The first cells of the rows of all tables, if they are code. */
const named = [...read('README.md').matchAll(/^\| `([^`]+)` *\|/gm)].map(([, name]) => name!);

describe('the README of the embedded PostgreSQL', () => {
  it('names every option, and no others', () => {
    const options = [...read('src/embedded-postgres.options.ts').matchAll(/^ {2}readonly (\w+)\??:/gm)];
    expect(named.filter((name) => /^[a-z]+[A-Za-z]*$/.test(name) && name !== 'lib')).toEqual(
      options.map(([, name]) => name),
    );
  });

  it('names every code of an error, and no others', () => {
    const codes = [...read('src/embedded-postgres.error.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code);
    expect(named.filter((name) => name.startsWith('EMBEDDED_POSTGRES_'))).toEqual(codes);
  });
});
