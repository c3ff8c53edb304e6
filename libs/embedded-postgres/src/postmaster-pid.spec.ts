import fc from 'fast-check';
import { parsePostmasterPid } from './postmaster-pid.js';

const lines = ['4711', '/data/cluster/data', '1763845086', '42421', '', '127.0.0.1', '  1234567  32770', 'ready   '];
const file = (change: Readonly<Record<number, string>> = {}) =>
  lines.map((line, index) => change[index] ?? line).join('\n') + '\n';

describe('parsePostmasterPid', () => {
  it('reads process id and port', () => {
    expect(parsePostmasterPid(file())).toEqual({ pid: 4711, port: 42421 });
  });

  it('reads a file with Windows line ends', () => {
    expect(parsePostmasterPid(file().replaceAll('\n', '\r\n'))).toEqual({ pid: 4711, port: 42421 });
  });

  it('reads a file that the server has not finished writing', () => {
    expect(parsePostmasterPid(lines.slice(0, 6).join('\n'))).toEqual({ pid: 4711, port: 42421 });
  });

  it.each([
    ['is empty', ''],
    ['is truncated', lines.slice(0, 3).join('\n')],
    ['is noise', '\0\0\0\0'],
    ['has no process id', file({ 0: 'postgres' })],
    ['belongs to a single-user server', file({ 0: '-4711' })],
    ['has process id 0, which is a group of processes', file({ 0: '0' })],
    ['has a process id that is too high', file({ 0: '9999999999' })],
    ['has no port', file({ 3: '' })],
    ['has too high a port', file({ 3: '65536' })],
  ])('rejects a file that %s', (_, text) => {
    expect(parsePostmasterPid(text)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parsePostmasterPid(text);
      }),
    );
  });
});
