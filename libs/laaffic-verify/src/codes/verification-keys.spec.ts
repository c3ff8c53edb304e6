import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { bindingDigest, VerificationKeys } from './verification-keys.js';

const key = (byte: number) => createSecretKey(Buffer.alloc(32, byte));
const [one, two] = [key(1), key(2)];
const keys = new VerificationKeys([one]);
const text = fc.string({ unit: 'binary' });

describe('a code', () => {
  it('is the same for a verification and a generation, in every process with the key', () => {
    const id = randomUUID();
    const other = new VerificationKeys([two, one]);
    expect(other.codeOf(id, keys.currentId, 1, 6)).toBe(keys.codeOf(id, keys.currentId, 1, 6));
    expect(other.codeOf(id, other.currentId, 1, 6)).not.toBe(keys.codeOf(id, keys.currentId, 1, 10));
    expect(keys.codeOf(id, other.currentId, 1, 6)).toBeUndefined();
  });

  it.each([6, 7, 8, 9, 10])('of %i digits has that many, leading zeros too', (digits) => {
    const codes = Array.from({ length: 2_000 }, (_, index) => keys.codeOf(`id ${index}`, keys.currentId, 1, digits)!);
    expect(codes.filter((code) => !new RegExp(`^\\d{${digits}}$`).test(code))).toEqual([]);
    expect(codes.some((code) => code.startsWith('0'))).toBe(true);
  });

  it('is uniform: each digit at each place, by a chi-squared test', () => {
    const count = 20_000;
    const seen = Array.from({ length: 6 }, () => Array<number>(10).fill(0));
    for (let index = 0; index < count; index++) {
      const code = keys.codeOf(`id ${index}`, keys.currentId, (index % 3) + 1, 6)!;
      for (let place = 0; place < 6; place++) seen[place]![Number(code[place])]! += 1;
    }
    const expected = count / 10;
    const distances = seen.map((counts) => counts.reduce((sum, each) => sum + (each - expected) ** 2 / expected, 0));
    // With 9 degrees of freedom it is above 33.7 once in ten thousand. The keys are fixed, so this is no matter of luck.
    expect(Math.max(...distances)).toBeLessThan(33.7);
  });

  it('of another generation is another one', () => {
    const id = randomUUID();
    const codes = [1, 2, 3].map((generation) => keys.codeOf(id, keys.currentId, generation, 10));
    expect(new Set(codes).size).toBe(3);
  });
});

describe('a digest', () => {
  it('is that of the code for its verification, purpose and binding alone', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, text, text), { minLength: 2, maxLength: 2 }), ([a, b]) => {
        const digestOf = ([id, purpose, bound, code]: readonly string[]) =>
          keys.digestOf({ id: id!, purpose: purpose!, binding: bindingDigest({ bound: bound! }) }, code!);
        expect(digestOf(a!).equals(digestOf(b!))).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  it('is known by every key, the current one first', () => {
    const both = new VerificationKeys([two, one]);
    const purpose = { id: 'id', purpose: 'sign-in', binding: bindingDigest(undefined) };
    expect(both.digestsOf(purpose, '123456')).toEqual([
      new VerificationKeys([two]).digestOf(purpose, '123456'),
      keys.digestOf(purpose, '123456'),
    ]);
    expect(both.numberKeysOf('+447400123456')[1]).toEqual(keys.numberKeysOf('+447400123456')[0]);
  });
});

describe('a binding', () => {
  it('is the same whatever the order of its fields', () => {
    expect(bindingDigest({ a: '1', b: '2' })).toEqual(bindingDigest({ b: '2', a: '1' }));
  });

  it.each([
    [{ a: '1' }, { a: '2' }],
    [{ a: '1' }, { b: '1' }],
    [{ a: '1' }, { a: '1', b: '' }],
    [{ a: '1,b:2' }, { a: '1', b: '2' }],
    [{ a: '1' }, undefined],
    [{}, undefined],
  ])('%j is not %j', (a, b) => {
    expect(bindingDigest(a as Record<string, string>)).not.toEqual(bindingDigest(b));
  });
});

describe('an id of an idempotency key', () => {
  it('is a UUID, the same for a tenant and a key', () => {
    fc.assert(
      fc.property(text, text, (tenant, idempotencyKey) => {
        const id = keys.idOf(tenant, idempotencyKey);
        expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
        expect(keys.idOf(tenant, idempotencyKey)).toBe(id);
        expect(keys.idOf(`${tenant}x`, idempotencyKey)).not.toBe(id);
        expect(keys.idOf(tenant, `${idempotencyKey}x`)).not.toBe(id);
      }),
    );
  });
});

describe('a proof', () => {
  const content = {
    ...{ id: randomUUID(), purpose: 'transfer', binding: bindingDigest({ amount: '10.00 EUR' }) },
    ...{ number: '+447400123456', country: 'GB', approvedAt: new Date('2030-01-01') },
  };

  it('is read by every process with its key, and shows nothing to others', () => {
    const proof = keys.sealProof(content);
    expect(new VerificationKeys([two, one]).openProof(proof)).toEqual(content);
    expect(new VerificationKeys([two]).openProof(proof)).toBeUndefined();
    const bytes = Buffer.from(proof.split('.')[2]!, 'base64url').toString('latin1');
    expect(['447400123456', 'transfer', 'GB'].filter((secret) => bytes.includes(secret))).toEqual([]);
    expect(keys.sealProof(content)).not.toBe(proof);
  });

  it('is not read if a single bit is changed', () => {
    const [version, id, sealed] = keys.sealProof(content).split('.');
    const bytes = Buffer.from(sealed!, 'base64url');
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(keys.openProof([version, id, changed.toString('base64url')].join('.'))).toBeUndefined();
      }),
    );
  });

  it('is not read from anything else', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ maxLength: 5_000 })), (other) => {
        expect(keys.openProof(other)).toBeUndefined();
        expect(keys.openProof(`v1.${keys.currentId}.${Buffer.from(other).toString('base64url')}`)).toBeUndefined();
      }),
    );
  });
});

it('prints no key', () => {
  const secret = randomBytes(32);
  const printed = JSON.stringify(new VerificationKeys([createSecretKey(secret)]));
  expect(printed).not.toContain(secret.toString('base64'));
});

it('cannot be made without a key', () => {
  expect(() => new VerificationKeys([])).toThrow('There are no keys');
});
