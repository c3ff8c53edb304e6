import { array, assert, integer, property } from 'fast-check';
import { LineIndex } from './line-index.js';

it('LineIndex knows the line of every position that it has not forgotten', () => {
  assert(
    property(
      array(integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 30 }),
      integer({ min: 0, max: 29 }),
      (steps, from) => {
        const lines = steps.map((_, index) => steps.slice(0, index + 1).reduce((sum, step) => sum + step, 0));
        const index = new LineIndex();
        lines.forEach((line, position) => {
          index.add(position, line);
        });
        index.forgetBefore(from);
        expect(lines.slice(from).map((_, offset) => index.lineOf(from + offset))).toEqual(lines.slice(from));
      },
    ),
  );
  expect(new LineIndex().lineOf(0)).toBeUndefined();
});
