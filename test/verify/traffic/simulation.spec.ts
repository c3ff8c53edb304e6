import { cases } from '../../cases.js';
import { figuresTable, type FiguresRow } from './figures-table.js';
import { guardTarget } from './guard-target.js';
import { judge } from './judge.js';
import { missedRequirements, scenarios } from './scenarios.js';

/** CI judges the scenarios that have a requirement. A whole run shows the figures of the others too. */
const isWhole = cases(10, 1) === 10;
const judged = scenarios().filter(({ requirement }) => isWhole || requirement !== undefined);
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
