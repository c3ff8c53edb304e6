import { isReservedName, KEY_NAME } from './api-key.js';

it.each([
  ['crm', true],
  ['9', true],
  ['Shop_2.eu-west', true],
  ['x'.repeat(40), true],
  ['x'.repeat(41), false],
  ['', false],
  ['.crm', false],
  ['ann (key crm)', false],
  ['crm\n', false],
  ['магазин', false],
])('%j is a name of a key: %s', (name, isName) => {
  expect(KEY_NAME.test(name)).toBe(isName);
});

it.each([
  ['api', true],
  ['Gateway', true],
  ['app', true],
  ['probe', true],
  ['key-1', true],
  ['KEY-12', true],
  ['host.17.0f3a9c', true],
  ['key-one', false],
  ['shop.eu', false],
  ['apis', false],
])('%s is reserved for other actors of the history: %s', (name, isReserved) => {
  expect(isReservedName(name)).toBe(isReserved);
});
