import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NUMERIC_FIELDS } from './corrupt-response.js';

const read = (path: string): string => readFileSync(join(__dirname, path), 'utf8');
const namesIn = (text = ''): string[] => [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name!);

describe('the fields of the fault numbers-for-strings', () => {
  it('are those of its docstring', () => {
    const [, docstring] =
      /\/\*\*([^/]*)\*\/\s*\| 'numbers-for-strings'/.exec(read('../state/script/script-step.ts')) ?? [];
    expect(namesIn(docstring)).toEqual(NUMERIC_FIELDS);
  });

  it('are those of the README', () => {
    const [, row] = /^\| `numbers-for-strings` +\|[^|]*\|([^|]*)\|$/m.exec(read('../../README.md')) ?? [];
    expect(namesIn(row)).toEqual(NUMERIC_FIELDS);
  });
});
