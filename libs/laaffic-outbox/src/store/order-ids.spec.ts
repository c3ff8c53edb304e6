import { assert, bigInt, integer, property } from 'fast-check';
import { isMadeElsewhere, isMadeOrderId, isRowId, madeOrderId, orderIdPrefix, placeOf } from './order-ids.js';

const PREFIX = '0a1b2c3d';
const LARGEST_ID = 2n ** 63n - 1n;

describe('a generated order id', () => {
  it('leads back to its place, whatever the place', () => {
    assert(
      property(
        bigInt(1n, LARGEST_ID),
        integer({ min: 1, max: 2 ** 31 - 1 }),
        integer({ min: 0, max: 32_767 }),
        (id, attempt, slot) => {
          const chunkId = String(id);
          const orderId = madeOrderId(orderIdPrefix(PREFIX, chunkId, attempt), slot);
          expect(placeOf(orderId, PREFIX)).toEqual({ chunkId, attempt, slot });
          expect([isMadeOrderId(orderId), isMadeElsewhere(orderId, PREFIX), isRowId(chunkId)]).toEqual([
            true,
            false,
            true,
          ]);
        },
      ),
    );
  });

  it.each([2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, LARGEST_ID].map(String))(
    'names the chunk %s exactly',
    (chunkId) => {
      expect(placeOf(madeOrderId(orderIdPrefix(PREFIX, chunkId, 1), 2), PREFIX)).toEqual({
        chunkId,
        attempt: 1,
        slot: 2,
      });
    },
  );

  it.each([
    ['another outbox made', 'ffffffff.1.1.0'],
    ['names a chunk that cannot exist', `${PREFIX}.${(LARGEST_ID + 1n).toString(36)}.1.0`],
    ['names the largest chunk that can be written', `${PREFIX}.zzzzzzzzzzzzz.1.0`],
    ['names an attempt that cannot exist', `${PREFIX}.1.${(2 ** 31).toString(36)}.0`],
    ['names a slot that cannot exist', `${PREFIX}.1.1.${(32_768).toString(36)}`],
    ['has one part more', `${PREFIX}.1.1.0.0`],
    ['is in capitals', `${PREFIX}.A.1.0`],
    ['is empty', ''],
  ])('that %s has no place', (_, orderId) => {
    expect(placeOf(orderId, PREFIX)).toBeUndefined();
  });
});
