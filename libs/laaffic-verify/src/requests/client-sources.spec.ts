import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { ClientSources } from './client-sources.js';

let warnings: unknown[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => void warnings.push(message));
});
afterEach(() => {
  jest.restoreAllMocks();
});

function sourcesOf(trustProxy: number, ...forwarded: (string | undefined)[]): (string | undefined)[] {
  const sources = new ClientSources({ trustProxy });
  return forwarded.map((header) => {
    const headers = header === undefined ? {} : { 'x-forwarded-for': header };
    return sources.of({ headers, socket: { remoteAddress: '::ffff:10.0.0.1' } });
  });
}

it('are the peers of an app without proxies, and do not warn', () => {
  expect(sourcesOf(0, undefined)).toEqual(['10.0.0.1']);
  expect(warnings).toEqual([]);
});

it('warn once if the app seems to be behind a proxy that it does not know of', () => {
  expect(sourcesOf(0, '203.0.113.7', '203.0.113.8')).toEqual(['10.0.0.1', '10.0.0.1']);
  expect(warnings).toEqual([
    'A request has the header X-Forwarded-For, but `trustProxy` is 0: visitors behind one proxy share its limits',
  ]);
});

it('are unknown if a request came through fewer proxies, which is warned of once', () => {
  expect(sourcesOf(2, '203.0.113.7', undefined, '203.0.113.7, 10.0.0.2')).toEqual([
    undefined,
    undefined,
    '203.0.113.7',
  ]);
  expect(warnings).toEqual([
    'A request came through fewer proxies than `trustProxy`, 2: limits of sources do not apply to it',
  ]);
});

it('raise an alarm when requests come through too few proxies, and only then', () => {
  const raised: unknown[] = [];
  const decisions = { raise: (...alarm: unknown[]) => void raised.push(alarm) };
  const request = { headers: { 'x-forwarded-for': '203.0.113.7' }, socket: { remoteAddress: '10.0.0.1' } };
  for (const trustProxy of [0, 1, 2, 3]) new ClientSources({ trustProxy }, decisions).of(request);
  expect(raised).toEqual([
    ['source-unknown', 'all'],
    ['source-unknown', 'all'],
  ]);
});

it('are unknown on a socket without an address', () => {
  const sources = new ClientSources({ trustProxy: 0 });
  expect(sources.of({ headers: {}, socket: {} })).toBeUndefined();
});
