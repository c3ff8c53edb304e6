import { importOptional, MissingPackageError } from './missing-package.error.js';

const load = (error?: unknown) =>
  importOptional('csv-parse', 'CSV files need', () =>
    error === undefined ? Promise.resolve({ parse: 'loaded' }) : Promise.reject(error as Error),
  );

describe('importOptional', () => {
  it('returns a package that is installed', async () => {
    expect(await load()).toEqual({ parse: 'loaded' });
  });

  it.each(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])('names the command that installs it after %s', async (code) => {
    const cause = Object.assign(new Error("Cannot find package 'csv-parse'"), { code });
    const error = await load(cause).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MissingPackageError);
    expect(error).toMatchObject({
      code: 'LAAFFIC_MISSING_PACKAGE',
      packageName: 'csv-parse',
      message: 'CSV files need the package csv-parse: npm install csv-parse',
      cause,
    });
  });

  it('throws the error of a package that is installed and does not load', async () => {
    const broken = new SyntaxError('Unexpected token');
    await expect(load(broken)).rejects.toBe(broken);
  });
});
