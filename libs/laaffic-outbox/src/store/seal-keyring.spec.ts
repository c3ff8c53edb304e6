import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { SealKeyring } from './seal-keyring.js';

const newKey = (): KeyObject => createSecretKey(randomBytes(32));
const [key, other] = [newKey(), newKey()];
const seals = new SealKeyring([key], '4luaKsL2');
const NUMBERS = ['918563000001'];

/** Any text that can be stored. */
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1_024 });
const number = fc.integer({ min: 1_000_000, max: 999_999_999_999_999 }).map(String);
const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('a sealed content', () => {
  it('is opened for the numbers that it was sealed for', () => {
    const property = fc.property(text, fc.array(number, { minLength: 1, maxLength: 5 }), bytes, (content, to, any) => {
      const ring = new SealKeyring([createSecretKey(any)], '4luaKsL2');
      const sealed = ring.seal(content, to);
      expect(sealed).toEqual({ keyId: ring.ids[0], content: expect.stringMatching(/^v1\.(one|many)\.[\w-]+$/) });
      expect(ring.open(sealed, to)).toBe(content);
    });
    fc.assert(property);
  });

  it('tells nothing but the length of the text, and is different each time', () => {
    const [one, two] = [seals.seal('Your code is 123456', NUMBERS), seals.seal('Your code is 123456', NUMBERS)];
    expect(one.content).not.toBe(two.content);
    expect(one.content).toHaveLength('v1.one.'.length + Math.ceil(((12 + 19 + 16) * 4) / 3));
  });

  it('is not opened after any character of it was changed, added or removed', () => {
    const { keyId, content } = seals.seal('Your code is 123456', NUMBERS);
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= \n'.split('');
    const change = fc.record({
      at: fc.nat(content.length - 1),
      removed: fc.nat(2),
      added: fc.array(fc.constantFrom(...letters), { maxLength: 2 }),
    });
    const property = fc.property(change, ({ at, removed, added }) => {
      const changed = content.slice(0, at) + added.join('') + content.slice(at + removed);
      fc.pre(changed !== content);
      expect(seals.open({ keyId, content: changed }, NUMBERS)).toBeUndefined();
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it('is not opened for another number, for more numbers, or in another account', () => {
    const property = fc.property(text, number, number, (content, to, another) => {
      fc.pre(to !== another);
      const sealed = seals.seal(content, [to]);
      expect(seals.open(sealed, [another])).toBeUndefined();
      expect(seals.open(sealed, [to, another])).toBeUndefined();
      expect(seals.open({ ...sealed, content: sealed.content.replace('one', 'many') }, [another])).toBeUndefined();
      expect(new SealKeyring([key], 'another').open(sealed, [to])).toBeUndefined();
    });
    fc.assert(property);
  });

  it('to several numbers is opened for each part of them, and only in its account', () => {
    const sealed = seals.seal('Your code is 123456', ['918563000001', '918563000002']);
    expect(seals.open(sealed, ['918563000002'])).toBe('Your code is 123456');
    expect(seals.open({ ...sealed, content: sealed.content.replace('many', 'one') }, NUMBERS)).toBeUndefined();
    expect(new SealKeyring([key], 'another').open(sealed, ['918563000002'])).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['plain text', 'Your code is 123456'],
    ['too short', 'v1.one.AAAA'],
    ['of a later version', seals.seal('x', NUMBERS).content.replace('v1', 'v2')],
  ])('is not opened if it is %s', (_, content) => {
    expect(seals.open({ keyId: seals.ids[0]!, content }, NUMBERS)).toBeUndefined();
  });
});

describe('a keyring', () => {
  it('opens with every key and seals with the first', () => {
    const rotated = new SealKeyring([other, key], '4luaKsL2');
    const old = seals.seal('old', NUMBERS);
    const fresh = rotated.seal('fresh', NUMBERS);
    expect(rotated.ids).toEqual([new SealKeyring([other], '').ids[0], seals.ids[0]]);
    expect(rotated.open(old, NUMBERS)).toBe('old');
    expect(rotated.open(fresh, NUMBERS)).toBe('fresh');
    expect(fresh.keyId).toBe(rotated.ids[0]);
    expect(seals.open(fresh, NUMBERS)).toBeUndefined();
    // A changed id gains nothing.
    expect(seals.open({ ...fresh, keyId: seals.ids[0]! }, NUMBERS)).toBeUndefined();
  });

  it('has ids of 8 characters, which depend on nothing but the key', () => {
    expect(seals.ids).toEqual([expect.stringMatching(/^[\w-]{8}$/)]);
    expect(new SealKeyring([key], 'another').ids).toEqual(seals.ids);
    expect(new SealKeyring([other], '4luaKsL2').ids).not.toEqual(seals.ids);
  });

  it('makes fingerprints that name their key, and differ with key and text', () => {
    const rotated = new SealKeyring([other, key], '4luaKsL2');
    const made = seals.fingerprint('code 1');
    expect(made).toMatch(new RegExp(`^${seals.ids[0]!}\\.[\\w-]{43}$`));
    expect(rotated.fingerprint('code 1', seals.ids[0])).toBe(made);
    expect(rotated.fingerprint('code 1')).not.toBe(made);
    expect(seals.fingerprint('code 2')).not.toBe(made);
    expect(seals.fingerprint('code 1', rotated.ids[0])).toBeUndefined();
  });

  it('without keys seals nothing', () => {
    const empty = new SealKeyring([], '4luaKsL2');
    expect(empty).toMatchObject({ isEmpty: true, ids: [] });
    expect(() => empty.seal('x', NUMBERS)).toThrow('There are no seal keys');
    expect(empty.open(seals.seal('x', NUMBERS), NUMBERS)).toBeUndefined();
    expect(empty.fingerprint('x', seals.ids[0])).toBeUndefined();
  });
});
