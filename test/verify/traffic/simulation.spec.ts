import { cases } from '../../cases.js';
import { figuresTable, type FiguresRow } from './figures-table.js';
import { guardTarget } from './guard-target.js';
import { judge } from './judge.js';
import { missedRequirements, scenarios } from './scenarios.js';

/** A short run has one, which needs all rules. CI has those with a requirement, and a long run has all. */
const QUICK = ['A5'];
const isQuick = cases(10, 0) === 0;
const isWhole = cases(10, 0) === 10;

const judged = scenarios().filter(({ name, requirement }) =>
  isQuick ? QUICK.includes(name) : isWhole || requirement !== undefined,
);
const rows: FiguresRow[] = [];

// Figures for the documentation: `npm run chaos:verify -- simulation`.
afterAll(() => {
  if (isWhole) process.stdout.write(`${figuresTable(rows)}\n`);
});

it.each(judged.map((scenario) => [scenario.name, scenario] as const))(
  'the guard fulfils the requirements of %s',
  async (name, scenario) => {
    const figures = await judge(scenario, guardTarget());
    rows.push({ name, figures });
    expect(missedRequirements(scenario, figures)).toEqual([]);
  },
  600_000,
);
