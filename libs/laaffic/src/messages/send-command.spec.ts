import { readBatch } from './send-command.js';

const made = (index: number) => `made-${index}`;

describe('readBatch', () => {
  it('generates order ids from the position in the whole batch', () => {
    const batch = [
      { to: ['91856321412', { number: '91856321413', orderId: 'o' }], content: 'one' },
      { to: '91856321414', content: 'two', senderId: ' ACME ' },
    ];
    expect(readBatch(batch, 1000, made)).toEqual({
      messages: [
        {
          recipients: [
            { number: '91856321412', orderId: 'made-0' },
            { number: '91856321413', orderId: 'o' },
          ],
          content: 'one',
          senderId: undefined,
        },
        { recipients: [{ number: '91856321414', orderId: 'made-2' }], content: 'two', senderId: 'ACME' },
      ],
    });
  });

  it.each<[string, unknown, { field: string; problem: string }[]]>([
    ['no list', undefined, [{ field: 'messages', problem: 'must be a list of at least one message' }]],
    ['an empty list', [], [{ field: 'messages', problem: 'must be a list of at least one message' }]],
    [
      'bad messages, each with its position',
      [{ to: '91856321412', content: 'x' }, null, { to: ['91856321412', 'x'], content: '' }],
      [
        { field: 'messages[1].to', problem: 'must be a phone number as text, or an object { number, orderId }' },
        { field: 'messages[1].content', problem: 'must be text' },
        {
          field: 'messages[2].to[1]',
          problem: 'must be a phone number with country code: it contains “x”, which is not part of a number',
        },
        { field: 'messages[2].content', problem: 'must not be empty' },
      ],
    ],
    [
      'an order id that two messages share',
      [
        { to: { number: '91856321412', orderId: 'same' }, content: 'x' },
        { to: { number: '91856321413', orderId: 'same' }, content: 'y' },
      ],
      [{ field: 'messages[1]', problem: 'repeats an orderId of messages[0]' }],
    ],
    [
      'more recipients in all than a request takes',
      [
        { to: ['91856321412', '91856321413'], content: 'x' },
        { to: '91856321414', content: 'y' },
      ],
      [{ field: 'messages', problem: 'must have at most 2 recipients in all, not 3' }],
    ],
  ])('rejects %s', (_, messages, issues) => {
    expect(readBatch(messages, 2, made)).toEqual({ issues });
  });
});
