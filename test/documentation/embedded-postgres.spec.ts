import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = join(__dirname, '../../libs/embedded-postgres');
const read = (file: string) => readFileSync(join(PACKAGE, file), 'utf8');

const readme = read('README.md');

/** The first cells of the rows of all tables of a text, if they are code. */
const rowsOf = (text: string) => [...text.matchAll(/^\| `([^`]+)` *\|/gm)].map(([, name]) => name!);

describe('the README of the embedded PostgreSQL', () => {
  it('names every option, and no others', () => {
    const options = [...read('src/embedded-postgres.options.ts').matchAll(/^ {2}readonly (\w+)\??:/gm)];
    const [, section = ''] = /^## Options\n(.*?)^## /ms.exec(readme) ?? [];
    expect(rowsOf(section)).toEqual(options.map(([, name]) => name));
  });

  it('names every state, and no others', () => {
    const states = [...read('src/supervisor.ts').matchAll(/readonly status: '(\w+)'/g)].map(([, state]) => state);
    const [, section = ''] = /^## When the server dies\n(.*?)^## /ms.exec(readme) ?? [];
    expect(rowsOf(section)).toEqual(['status', ...states]);
  });

  it('names every code of an error, and no others', () => {
    const codes = [...read('src/embedded-postgres.error.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code);
    expect(rowsOf(readme).filter((name) => name.startsWith('EMBEDDED_POSTGRES_'))).toEqual(codes);
  });
});
