import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import fc from 'fast-check';
import { readSendCommand } from '../messages/send-command.js';
import { SendSmsCommand } from './send-sms.command.js';

const valid = { to: '91856321412', content: 'hello world' };
const made = () => 'made';

async function messages(body: object): Promise<string[]> {
  const errors = await validate(plainToInstance(SendSmsCommand, body));
  return errors.flatMap((error) => Object.values(error.constraints ?? {}));
}

describe('SendSmsCommand', () => {
  it.each<[string, object, string[]]>([
    ['the least', {}, []],
    ['a list of both forms', { to: ['+91 856 321 412', { number: '91856321413', orderId: 'o' }] }, []],
    ['1024 characters', { content: 'x'.repeat(1024) }, []],
    ['1024 emoji, which are 2048 UTF-16 units', { content: '🙂'.repeat(1024) }, []],
    ['1025 characters', { content: 'x'.repeat(1025) }, ['content must have at most 1024 characters']],
    ['1025 emoji', { content: '🙂'.repeat(1025) }, ['content must have at most 1024 characters']],
    ['half an emoji', { content: 'a\ud83d' }, ['content has half of a character pair (a lone surrogate)']],
    ['no content', { content: undefined }, ['content must be text']],
    ['an empty content', { content: '' }, ['content must not be empty']],
    ['a content that is no text', { content: { $gt: '' } }, ['content must be text']],
    ['a sender of 32 characters', { senderId: 's'.repeat(32) }, []],
    ['a sender of 33 characters', { senderId: 's'.repeat(33) }, ['senderId must have at most 32 characters']],
    ['a sender of 32 characters between blanks', { senderId: ` ${'s'.repeat(32)}\n` }, []],
    ['a sender with a line end', { senderId: 'AC\nME' }, ['senderId has a line end or another control character']],
    [
      'half of a character in a sender',
      { senderId: 'AC\udc00' },
      ['senderId has half of a character pair (a lone surrogate)'],
    ],
    ['a blank sender, as in the vendor’s samples', { senderId: '' }, []],
    ['a null sender', { senderId: null }, []],
    ['a sender that is no text', { senderId: 5 }, ['senderId must be text']],
    [
      'bad recipients, each with its position',
      { to: ['91856321412', 'x', {}, 'y', 'z'] },
      [
        'to[1] must be a phone number with country code: it contains “x”, which is not part of a number; to[2].number must be a phone number with country code, but is missing; to[3] must be a phone number with country code: it contains “y”, which is not part of a number; and 1 more',
      ],
    ],
    [
      'fields that no recipient has, each with its position',
      {
        to: [
          { number: '91856321412', orderID: 'o' },
          { number: '91856321412', orderId: 'p', __proto__: null },
        ],
      },
      ['to[0] has an unknown field: "orderID"'],
    ],
    [
      'a single recipient with a field that it has not',
      { to: { number: '91856321412', name: 'x' } },
      ['to has an unknown field: "name"'],
    ],
    [
      '1001 recipients',
      { to: new Array<string>(1001).fill('91856321412') },
      ['to must have 1 to 1000 recipients in one request, not 1001'],
    ],
  ])('reports %s', async (_, change, expected) => {
    expect(await messages({ ...valid, ...change })).toEqual(expected);
  });

  it.each([{}, { excludeExtraneousValues: true }, { enableImplicitConversion: true }])(
    'keeps its recipients through class-transformer with %j',
    (options) => {
      const to = ['91856321412', { number: '91856321413', orderId: 'o' }];
      const command = plainToInstance(SendSmsCommand, { to, content: 'x', other: 1 }, options);
      expect(command.to).toEqual(to);
      expect(command.content).toBe('x');
      expect(command.senderId).toBeUndefined();
    },
  );

  it('is rejected by a pipe exactly if the service rejects it', async () => {
    const anyCommand = fc.record(
      {
        to: fc.oneof(fc.constantFrom('91856321412', '+91 856 321 412', 'x', ''), fc.anything()),
        content: fc.oneof(fc.string(), fc.anything()),
        senderId: fc.oneof(fc.string(), fc.anything()),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(anyCommand, async (command) => {
        // Copied by hand: class-transformer would change exotic values on the way.
        const errors = await validate(Object.assign(new SendSmsCommand(), command));
        expect(errors.length === 0).toBe('sms' in readSendCommand(command, 1000, made));
      }),
      { numRuns: 500 },
    );
  });
});

describe('readSendCommand', () => {
  it('returns everything that the gateway needs, with a trimmed sender', () => {
    expect(readSendCommand({ ...valid, senderId: ' ACME ' }, 1000, made)).toEqual({
      sms: { recipients: [{ number: '91856321412', orderId: 'made' }], content: 'hello world', senderId: 'ACME' },
    });
  });

  it('reports every problem at once', () => {
    expect(readSendCommand({ to: [], content: '', senderId: 's'.repeat(33) }, 100, made)).toEqual({
      issues: [
        { field: 'to', problem: 'must have 1 to 100 recipients in one request, not 0' },
        { field: 'content', problem: 'must not be empty' },
        { field: 'senderId', problem: 'must have at most 32 characters' },
      ],
    });
  });

  it.each([null, undefined, 'text', 7])('rejects %j as a command', (command) => {
    expect(readSendCommand(command, 1000, made)).toEqual({
      issues: [
        { field: 'to', problem: 'must be a phone number as text, or an object { number, orderId }' },
        { field: 'content', problem: 'must be text' },
      ],
    });
  });
});
