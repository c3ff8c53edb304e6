import { getEventListeners } from 'node:events';
import { onAbort } from './on-abort.js';

it('calls each remaining watcher once, with one listener for all', () => {
  const abort = new AbortController();
  const called: string[] = [];
  const stops = ['a', 'b', 'c', 'd'].map((name) => onAbort(abort.signal, () => called.push(name)));
  expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
  stops[1]!();
  abort.abort();
  abort.abort();
  expect(called).toEqual(['a', 'c', 'd']);
});

it('leaves nothing behind after the last watcher has stopped, and a stop counts once', () => {
  const { signal } = new AbortController();
  const first = onAbort(signal, () => undefined);
  first();
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  const second = onAbort(signal, () => undefined);
  first();
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  second();
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('lets a callback stop the others', () => {
  const abort = new AbortController();
  const called: string[] = [];
  onAbort(abort.signal, () => {
    called.push('first');
    stopSecond();
  });
  const stopSecond = onAbort(abort.signal, () => called.push('second'));
  abort.abort();
  expect(called).toEqual(['first']);
});
