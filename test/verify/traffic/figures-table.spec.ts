import type { Figures, UserFigures } from './figures.js';
import { figuresTable } from './figures-table.js';

const users = (changes: Partial<UserFigures> = {}): UserFigures => ({
  users: 20_000,
  rejectedAtFirst: 0,
  rejectedAtFirstShare: 0,
  neverServed: 0,
  neverServedShare: 0,
  starts: 20_000,
  startsRejected: 0,
  startsRejectedShare: 0,
  ...changes,
});
const figures = (sent: number, starts: number, real = users(), numbersRejected = 0): Figures => ({
  attack: { starts, sent, cost: sent / 4, unguardedCost: starts / 4, costShare: sent / starts },
  real,
  known: { ...users(), numbersRejected },
  days: [],
});

describe('figuresTable', () => {
  it('prints a row for each scenario', () => {
    const rejected = users({ rejectedAtFirst: 240, neverServed: 1, starts: 20_300, startsRejected: 1_015 });
    expect(
      figuresTable([
        { name: 'week', figures: figures(0, 0) },
        { name: 'A1', figures: figures(6, 18_000) },
        { name: 'a | b', figures: figures(17_999, 18_000, rejected, 1_234) },
        { name: 'all', figures: figures(18_000, 18_000) },
        { name: 'none', figures: figures(0, 18_000) },
      ]),
    ).toBe(
      [
        '| scenario | attack messages | sent | cost | of unguarded | users | rejected at first | never served | starts rejected | known numbers rejected |',
        '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
        '| week | – | – | – | – | 20,000 | 0 | 0 | 0 | 0 |',
        '| A1 | 18,000 | 6 | $2 | 0.033 % | 20,000 | 0 | 0 | 0 | 0 |',
        '| a \\| b | 18,000 | 17,999 | $4,500 | 99.9 % | 20,000 | 240 (1.2 %) | 1 (0.005 %) | 1,015 (5 %) | 1,234 |',
        '| all | 18,000 | 18,000 | $4,500 | 100 % | 20,000 | 0 | 0 | 0 | 0 |',
        '| none | 18,000 | 0 | $0 | 0 % | 20,000 | 0 | 0 | 0 | 0 |',
      ].join('\n'),
    );
  });

  it('has a header without rows', () => {
    expect(figuresTable([]).split('\n')).toHaveLength(2);
  });
});
