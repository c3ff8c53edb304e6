import fc from 'fast-check';
import { Randomness } from '../randomness.js';
import { OrderIdGenerator } from './order-ids.js';
import { readRecipients, type RecipientInput } from './recipients.js';

const made = (index: number) => `made-${index}`;
const NOT_AN_ORDER_ID = 'must be text of 1 to 64 characters without commas, blanks or control characters';

describe('readRecipients', () => {
  it('accepts a number, a number with an order id, or a list of either', () => {
    expect(readRecipients('+91 856 321 412', 1000, made)).toEqual({
      recipients: [{ number: '91856321412', orderId: 'made-0' }],
      issues: [],
    });
    expect(readRecipients({ number: '91856321412', orderId: 'o-1' }, 1000, made)).toEqual({
      recipients: [{ number: '91856321412', orderId: 'o-1' }],
      issues: [],
    });
    expect(
      readRecipients(['91856321412', { number: '0091856321413' }, { number: '91856321414', orderId: 'o' }], 3, made),
    ).toEqual({
      recipients: [
        { number: '91856321412', orderId: 'made-0' },
        { number: '91856321413', orderId: 'made-1' },
        { number: '91856321414', orderId: 'o' },
      ],
      issues: [],
    });
  });

  it('keeps a number that is given twice, because the gateway charges and reports each', () => {
    expect(readRecipients(['91856321412', '91856321412'], 1000, made).recipients).toEqual([
      { number: '91856321412', orderId: 'made-0' },
      { number: '91856321412', orderId: 'made-1' },
    ]);
  });

  it.each<[string, unknown, { field: string; problem: string }[]]>([
    [
      'nothing',
      undefined,
      [{ field: 'to', problem: 'must be a phone number as text, or an object { number, orderId }' }],
    ],
    [
      'a JSON number',
      91856321412,
      [{ field: 'to', problem: 'must be a phone number as text, or an object { number, orderId }' }],
    ],
    [
      'a bad number',
      'abc',
      [
        {
          field: 'to',
          problem: 'must be a phone number with country code: it contains “a”, which is not part of a number',
        },
      ],
    ],
    [
      'an object without number',
      {},
      [{ field: 'to.number', problem: 'must be a phone number with country code, but is missing' }],
    ],
    ['an empty list', [], [{ field: 'to', problem: 'must have 1 to 1000 recipients in one request, not 0' }]],
    [
      'a list in a list',
      [['91856321412']],
      [{ field: 'to[0]', problem: 'must be a phone number as text, or an object { number, orderId }' }],
    ],
    [
      'several bad ones, each with its position',
      ['91856321412', '12', null, { number: 5 }],
      [
        {
          field: 'to[1]',
          problem: 'must be a phone number with country code: it has 2 digits, and numbers have 7 to 15',
        },
        { field: 'to[2]', problem: 'must be a phone number as text, or an object { number, orderId }' },
        {
          field: 'to[3].number',
          problem: 'must be a phone number as text, because a JSON number would lose zeros and digits',
        },
      ],
    ],
    [
      'an order id with a comma',
      [{ number: '91856321412', orderId: 'a,b' }],
      [{ field: 'to[0].orderId', problem: NOT_AN_ORDER_ID }],
    ],
    [
      'an empty order id',
      [{ number: '91856321412', orderId: '' }],
      [{ field: 'to[0].orderId', problem: NOT_AN_ORDER_ID }],
    ],
    [
      'an order id with a blank',
      { number: '91856321412', orderId: 'a b' },
      [{ field: 'to.orderId', problem: NOT_AN_ORDER_ID }],
    ],
    [
      'an order id of 65 characters',
      { number: '91856321412', orderId: 'x'.repeat(65) },
      [{ field: 'to.orderId', problem: NOT_AN_ORDER_ID }],
    ],
    ['a numeric order id', { number: '91856321412', orderId: 7 }, [{ field: 'to.orderId', problem: NOT_AN_ORDER_ID }]],
    [
      'an order id given twice',
      [{ number: '91856321412', orderId: 'same' }, '91856321413', { number: '91856321414', orderId: 'same' }],
      [{ field: 'to[2].orderId', problem: 'repeats that of to[0]' }],
    ],
  ])('rejects %s', (_, to, issues) => {
    expect(readRecipients(to, 1000, made).issues).toEqual(issues);
  });

  it('accepts as many recipients as a request may have, and not one more', () => {
    const list = (length: number) => Array.from({ length }, (_, i) => `9185632${String(i).padStart(4, '0')}`);
    expect(readRecipients(list(100), 100, made).issues).toEqual([]);
    expect(readRecipients(list(101), 100, made)).toEqual({
      recipients: [],
      issues: [{ field: 'to', problem: 'must have 1 to 100 recipients in one request, not 101' }],
    });
  });

  it('never repeats a value that it rejects', () => {
    const { issues } = readRecipients(['+91 8563 2141x', { number: '91856321412', orderId: 'secret,order' }], 10, made);
    expect(JSON.stringify(issues)).not.toMatch(/8563|2141x|secret/);
  });

  it('turns every entry into a recipient or an issue', () => {
    fc.assert(
      fc.property(fc.array(fc.anything(), { minLength: 1, maxLength: 50 }), (to) => {
        const { recipients, issues } = readRecipients(to, 1000, made);
        expect(recipients.length + issues.length).toBe(to.length);
      }),
    );
  });
});

describe('OrderIdGenerator', () => {
  it('generates short ids without commas that never repeat within or across requests', () => {
    const orderIds = new OrderIdGenerator(new Randomness());
    const all = Array.from({ length: 200 }, () => {
      const next = orderIds.forRequest();
      return Array.from({ length: 100 }, (_, index) => next(index));
    }).flat();
    expect(new Set(all).size).toBe(20_000);
    expect(all.filter((id) => !/^[\w-]{12}\.[0-9a-z]{1,2}$/.test(id))).toEqual([]);
    const asInput: RecipientInput[] = all.slice(0, 1000).map((orderId) => ({ number: '91856321412', orderId }));
    expect(readRecipients(asInput, 1000, made).issues).toEqual([]);
  });
});
