import 'reflect-metadata';
import { ValidationPipe, type Type } from '@nestjs/common';
import fc from 'fast-check';
import { CheckVerificationCommand } from './check-verification.command.js';
import { ResendVerificationCommand } from './resend-verification.command.js';
import { StartVerificationCommand } from './start-verification.command.js';

const START = { to: '+44 7400 123456', purpose: 'sign-in' };
const CHECK = { id: '7d0c4f3e-6f5b-4f7a-9d6e-0a1b2c3d4e5f', purpose: 'sign-in', code: '123456' };

/** The messages of a pipe that lets no other field pass; the command if there are none. */
async function through(type: Type<object>, body: unknown): Promise<unknown> {
  const pipe = new ValidationPipe({
    ...{ transform: true, whitelist: true, forbidNonWhitelisted: true },
    exceptionFactory: (errors) => errors.flatMap(({ constraints = {} }) => Object.values(constraints)),
  });
  return (pipe.transform(body, { type: 'body', metatype: type }) as Promise<unknown>).catch(
    (problems: unknown) => problems,
  );
}

describe('StartVerificationCommand', () => {
  it.each<[string, object, object]>([
    ['the least', START, START],
    [
      'everything',
      { to: '07400 123456', country: 'GB', purpose: 'a:b.c_d-1', locale: 'en-GB', client: 'ios' },
      { to: '07400 123456', country: 'GB', purpose: 'a:b.c_d-1', locale: 'en-GB', client: 'ios' },
    ],
    ['a number in digits of another script', { ...START, to: '+٤٤٧٤٠٠١٢٣٤٥٦' }, { ...START, to: '+٤٤٧٤٠٠١٢٣٤٥٦' }],
    ['a locale that there is not', { ...START, locale: '🙂' }, { ...START, locale: '🙂' }],
    ['a purpose of 64 characters', { ...START, purpose: 'p'.repeat(64) }, { ...START, purpose: 'p'.repeat(64) }],
  ])('lets %s pass', async (_, body, expected) => {
    const command = await through(StartVerificationCommand, body);
    expect(command).toBeInstanceOf(StartVerificationCommand);
    expect({ ...(command as object) }).toEqual(expected);
  });

  const purpose = 'purpose must be 1 to 64 letters, digits, hyphens, underscores, dots or colons';
  const country = 'country must be the ISO code of a country in two capital letters';
  it.each<[string, object, string[]]>([
    ['no fields', { to: undefined, purpose: undefined }, ['to must be a phone number as text', purpose]],
    ['a number as JSON number', { to: 447400123456 }, ['to must be a phone number as text']],
    ['a number as list', { to: ['+44 7400 123456'] }, ['to must be a phone number as text']],
    [
      'a national number without country',
      { to: '07400 123456' },
      ['to must start with + and the country calling code, or come with a country'],
    ],
    ['a country in small letters', { to: '07400 123456', country: 'gb' }, [country]],
    ['a country that is null', { country: null }, [country]],
    ['a country that is an object', { country: { $ne: '' } }, [country]],
    ['an empty number', { to: '' }, ['to must not be empty']],
    ['a huge number', { to: '1'.repeat(100_000) }, ['to must not have more than 64 characters']],
    ['an empty purpose', { purpose: '' }, [purpose]],
    ['a purpose of 65 characters', { purpose: 'p'.repeat(65) }, [purpose]],
    ['a purpose with a line end', { purpose: 'sign-in\n' }, [purpose]],
    ['a purpose that is an object', { purpose: { toString: 'x' } }, [purpose]],
    ['a locale that is no text', { locale: 7 }, ['locale must be text']],
    ['an unknown client', { client: 'windows' }, ["client must be 'web', 'android' or 'ios'"]],
    ['a binding', { binding: { amount: '1 EUR' } }, ['property binding should not exist']],
    ['a session', { session: 's' }, ['property session should not exist']],
    ['a source', { source: '203.0.113.7' }, ['property source should not exist']],
    ['a tenant', { tenant: 't' }, ['property tenant should not exist']],
    ['a decoy', { decoy: true }, ['property decoy should not exist']],
    ['a transaction', { transaction: {} }, ['property transaction should not exist']],
  ])('rejects %s', async (_, change, expected) => {
    expect(await through(StartVerificationCommand, { ...START, ...change })).toEqual(expected);
  });
});

describe('CheckVerificationCommand', () => {
  it.each<[string, object]>([
    ['a code', {}],
    ['a code with a blank', { code: '123 456' }],
    ['a code with hyphens and 10 digits', { code: '12345-67890' }],
    ['a code in digits of another script', { code: '١٢٣٤٥٦' }],
    ['an id that cannot exist', { id: '../../etc/passwd' }],
  ])('lets %s pass', async (_, change) => {
    const command = await through(CheckVerificationCommand, { ...CHECK, ...change });
    expect({ ...(command as object) }).toEqual({ ...CHECK, ...change });
  });

  const code = 'code must have 6 to 10 digits';
  it.each<[string, object, string[]]>([
    ['no code', { code: undefined }, [code]],
    ['a short code', { code: '12345' }, [code]],
    ['a long code', { code: '12345678901' }, [code]],
    ['letters', { code: '12345a' }, [code]],
    ['a JSON number', { code: 123456 }, [code]],
    ['a huge code', { code: '1'.repeat(100_000) }, [code]],
    ['an id that is no text', { id: 7 }, ['id must be text']],
    ['a binding', { binding: {} }, ['property binding should not exist']],
  ])('rejects %s', async (_, change, expected) => {
    expect(await through(CheckVerificationCommand, { ...CHECK, ...change })).toEqual(expected);
  });
});

describe('ResendVerificationCommand', () => {
  it('lets an id, a locale and a client pass', async () => {
    const body = { id: CHECK.id, locale: 'de', client: 'android' };
    expect({ ...((await through(ResendVerificationCommand, body)) as object) }).toEqual(body);
  });

  it.each<[string, object, string[]]>([
    ['no id', {}, ['id must be text']],
    ['an unknown client', { id: 'x', client: '' }, ["client must be 'web', 'android' or 'ios'"]],
    ['a source', { id: 'x', source: 'y' }, ['property source should not exist']],
  ])('rejects %s', async (_, body, expected) => {
    expect(await through(ResendVerificationCommand, body)).toEqual(expected);
  });
});

it.each([StartVerificationCommand, CheckVerificationCommand, ResendVerificationCommand])(
  'no message of %p repeats what was sent',
  async (type) => {
    const secret = fc.stringMatching(/^[g-z]{12,40}$/);
    await fc.assert(
      fc.asyncProperty(secret, async (value) => {
        const body = { to: value, country: value, purpose: { value }, code: value, id: [value], client: value };
        expect(JSON.stringify(await through(type, body))).not.toContain(value);
      }),
      { numRuns: 50 },
    );
  },
);
