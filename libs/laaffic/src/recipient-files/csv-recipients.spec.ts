import { Readable } from 'node:stream';
import { readRecipientFile } from './recipient-file.js';

const missing = Object.assign(new Error("Cannot find module 'csv-parse'"), { code: 'MODULE_NOT_FOUND' });
jest.mock('csv-parse', () => {
  throw missing;
});

describe('readRecipientFile without csv-parse', () => {
  const read = (format: 'csv' | 'text') => readRecipientFile(Readable.from([Buffer.from('91856321412\n')]), { format });

  it('names the package and the command that installs it for a CSV', async () => {
    await expect(read('csv').next()).rejects.toThrow('CSV files need the package csv-parse: npm install csv-parse');
  });

  it('reads text', async () => {
    await expect(read('text').next()).resolves.toEqual({ done: false, value: { number: '91856321412', line: 1 } });
  });
});
